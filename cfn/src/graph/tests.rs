//! Graphs of whole templates, in each of the notations.

use super::*;
use crate::eval::{Folder, Given, StackTree, resolve};
use std::path::Path;

const PARENT: &str = "
Parameters: {Twice: {Type: String, Default: 'No'}}
Conditions: {Two: !Equals [!Ref Twice, 'Yes']}
Resources:
  Network: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./network.yaml}}
  App:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: ./app.yaml, Parameters: {Subnet: !GetAtt Network.Outputs.Subnet}}
  Alarm: {Type: AWS::CloudWatch::Alarm, DependsOn: App}
  Second: {Type: AWS::SNS::Topic, Condition: Two}
  Policy: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!If [Two, !Ref Second, !Ref AWS::NoValue]]}}
";
const NETWORK: &str = "
Resources:
  Vpc: {Type: AWS::EC2::VPC}
  Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc}}
Outputs: {Subnet: {Value: !Ref Subnet}}
";
const APP: &str = "
Parameters: {Subnet: {Type: String}}
Resources:
  Role: {Type: AWS::IAM::Role}
  Function:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn, Description: !Sub 'in ${Subnet} \"<&>\"', Names: !Split [',', !Ref Subnet]}
";

fn graph(given: &Given) -> Graph {
    let files = [("parent.yaml", PARENT), ("network.yaml", NETWORK), ("app.yaml", APP)];
    let library: BTreeMap<String, String> = files.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let tree = StackTree::open(&library, "parent.yaml").expect("valid");
    Graph::new(&resolve(&tree, given).expect("no fault"))
}

fn ours(storage: &str) -> Graph {
    let folder = Folder::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates")).expect("our templates");
    let tree = StackTree::open(&folder, "jaeger-new-vpc.yaml").expect("valid");
    let given = Given::new("eu-west-1").with("StorageBackend", storage);
    Graph::new(&resolve(&tree, &given).expect("no fault"))
}

#[test]
fn edges_follow_values_through_stacks_and_leave_out_what_is_not_made() {
    let edges = |given: &Given| -> Vec<String> {
        graph(given).edges.keys().map(|(from, to)| format!("{from} > {to}")).collect()
    };
    let without =
        ["Alarm > App", "App/Function > App/Role", "App/Function > Network/Subnet", "Network/Subnet > Network/Vpc"];
    assert_eq!(edges(&Given::new("eu-west-1")), without);
    let with = edges(&Given::new("eu-west-1").with("Twice", "Yes"));
    assert_eq!(with.len(), 5);
    assert!(with.contains(&"Policy > Second".to_owned()), "{with:?}");
}

#[test]
fn the_network_shows_who_may_reach_whom_and_where() {
    let folder = Folder::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates")).expect("our templates");
    let tree = StackTree::open(&folder, "jaeger-new-vpc.yaml").expect("valid");
    let given = Given::new("eu-west-1").with("StorageBackend", "opensearch").with("AllowedCIDR", "203.0.113.0/24");
    let graph = Graph::of_network(&resolve(&tree, &given).expect("no fault"));
    let admitted = |from: &str, to: &str| {
        let ends = |(one, other): &Edge| one.ends_with(from) && other.ends_with(to);
        graph.edges.iter().find(|(edge, _)| ends(edge)).and_then(|(_, ports)| label(ports))
    };
    assert_eq!(admitted("203.0.113.0/24", "/LoadBalancer"), Some("tcp 80, 4317, 4318".to_owned()));
    assert_eq!(
        admitted("/LoadBalancer", "/QueryService"),
        Some("tcp 13133, 16686".to_owned()),
        "where its container listens"
    );
    assert_eq!(admitted("/CollectorService", "/Domain"), Some("tcp 443".to_owned()));
    assert_eq!(admitted("203.0.113.0/24", "/Domain"), None, "only the tasks reach the storage");
    assert_eq!(admitted("/Domain", "/CollectorService"), None);
    let vpc = graph.root.groups.iter().find(|group| group.label == "VPC 10.0.0.0/16").expect("the VPC");
    let subnets = vpc.groups.iter().find(|group| group.label == "PrivateSubnet1, PrivateSubnet2").expect("both");
    assert!(subnets.nodes.iter().any(|node| node.logical_id == "QueryService"));
    assert!(graph.to_mermaid().contains("-->|\"tcp 443\"|") && graph.to_dot().contains("label=\"tcp 443\""));
    assert!(graph.to_svg().contains(">tcp 443</text>"));
}

#[test]
fn graphviz_gets_clusters_and_edges_to_their_borders() {
    let dot = graph(&Given::new("eu-west-1")).to_dot();
    for line in [
        "digraph \"parent.yaml\" {",
        "  subgraph \"cluster_Network\" {",
        "    \"Network/Vpc\" [label=\"Vpc\\nEC2 VPC\"];",
        "  \"App/Function\" -> \"Network/Subnet\";",
        "  \"Alarm\" -> \"App/Role\" [lhead=\"cluster_App\"];",
    ] {
        assert!(dot.lines().any(|each| each == line), "{line}\n{dot}");
    }
    assert_eq!(dot.matches('{').count(), dot.matches('}').count());
}

#[test]
fn mermaid_gets_subgraphs_that_end_and_names_that_are_declared() {
    let text = ours("opensearch").to_mermaid();
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines[0], "flowchart TB");
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(count("subgraph "), count("end"));
    let declared: BTreeSet<&str> = lines
        .iter()
        .filter_map(|line| line.trim_start_matches("subgraph ").split_once('['))
        .map(|(name, _)| name)
        .collect();
    let edges: Vec<(&str, &str)> = lines.iter().filter_map(|line| line.split_once(" --> ")).collect();
    assert!(edges.len() > 20 && edges.iter().all(|(from, to)| declared.contains(from) && declared.contains(to)));
}

#[test]
fn the_picture_has_a_card_for_each_resource_inside_of_the_frame_of_its_stack() {
    for storage in ["memory", "opensearch"] {
        let graph = ours(storage);
        let picture = picture::Picture::of(&graph);
        let nodes: usize = graph.root.walk().iter().map(|group| group.nodes.len()).sum();
        assert_eq!((picture.cards.len(), picture.frames.len()), (nodes, graph.root.walk().len()));
        let mut frames = graph.root.walk().into_iter().zip(&picture.frames);
        let (whole, all) = frames.next().expect("the outermost");
        assert!(whole.path.is_empty() && all.size.width <= picture.size.width);
        for (group, frame) in frames {
            for card in picture.cards.iter().filter(|card| group.nodes.contains(&card.node)) {
                let (x, y) = (card.corner.x - frame.corner.x, card.corner.y - frame.corner.y);
                assert!(x > 0.0 && x + card.size.width < frame.size.width, "{}", card.node.path);
                assert!(y > 0.0 && y + card.size.height < frame.size.height, "{}", card.node.path);
            }
        }
    }
}

#[test]
fn the_svg_is_well_formed_the_same_every_time_and_needs_nothing_from_elsewhere() {
    let svg = ours("opensearch").to_svg();
    assert_eq!(svg, ours("opensearch").to_svg());
    assert_eq!(svg.matches("http").count(), 1, "the name of SVG itself");
    for element in ["g", "title", "text", "tspan", "style", "svg"] {
        let opened = svg.matches(&format!("<{element}>")).count() + svg.matches(&format!("<{element} ")).count();
        assert_eq!(opened, svg.matches(&format!("</{element}>")).count(), "{element}");
    }
    assert!(svg.contains("prefers-color-scheme: dark") && svg.contains("<title>Jaeger/Services/CollectorTask ("));
}

#[test]
fn what_looks_like_markup_is_text() {
    let text = "Resources: {A: {Type: 'Custom::<b>&\"x\"'}}";
    let library = BTreeMap::from([("<t>&.yaml".to_owned(), text.to_owned())]);
    let tree = StackTree::open(&library, "<t>&.yaml").expect("valid");
    let graph = Graph::new(&resolve(&tree, &Given::new("eu-west-1")).expect("no fault"));
    let svg = graph.to_svg();
    assert!(svg.contains("Custom &lt;b&gt;&amp;&quot;x&quot;") && svg.contains("&lt;t&gt;&amp;.yaml"), "{svg}");
    assert!(!svg.contains("<b>") && !graph.to_mermaid().contains("<b>"));
    assert!(graph.to_dot().contains("Custom <b>&\\\"x\\\""), "{}", graph.to_dot());
}
