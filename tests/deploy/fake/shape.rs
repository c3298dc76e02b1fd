//! What a stack is made of: a tree of stacks and resources, each with the time that it takes.

pub(crate) const STACK: &str = "AWS::CloudFormation::Stack";
pub(crate) const BUCKET: &str = "AWS::S3::Bucket";
pub(crate) const SERVICE: &str = "AWS::ECS::Service";
pub(crate) const TARGETS: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) name: &'static str,
    pub(crate) kind: &'static str,
    /// How long whatever is done to it takes, in seconds of the virtual clock.
    pub(crate) seconds: u64,
    /// Its template says to keep it.
    pub(crate) is_retained: bool,
    pub(crate) children: Vec<Node>,
}

pub(crate) fn resource(name: &'static str, kind: &'static str, seconds: u64) -> Node {
    Node { name, kind, seconds, is_retained: false, children: Vec::new() }
}

pub(crate) fn nested(name: &'static str, children: Vec<Node>) -> Node {
    Node { name, kind: STACK, seconds: 1, is_retained: false, children }
}

impl Node {
    pub(crate) fn retained(mut self) -> Self {
        self.is_retained = true;
        self
    }

    pub(crate) fn at<'a>(&'a self, path: &[String]) -> Option<&'a Node> {
        path.iter().try_fold(self, |node, name| node.children.iter().find(|child| child.name == name))
    }

    /// The same tree, with another time for one resource.
    pub(crate) fn slow(mut self, path: &str, seconds: u64) -> Self {
        let mut node = &mut self;
        for name in path.split('/') {
            node = node.children.iter_mut().find(|child| child.name == name).unwrap();
        }
        node.seconds = seconds;
        self
    }
}

/// A deployment in small: three levels, slow and fast resources side by side.
pub(crate) fn deployment() -> Node {
    nested(
        "",
        vec![
            nested(
                "Network",
                vec![
                    resource("VPC", "AWS::EC2::VPC", 15),
                    resource("Subnet", "AWS::EC2::Subnet", 5),
                    resource("NatGateway", "AWS::EC2::NatGateway", 120),
                ],
            ),
            nested(
                "Jaeger",
                vec![
                    nested("Storage", vec![resource("Traces", BUCKET, 20), resource("Role", "AWS::IAM::Role", 30)]),
                    resource("Targets", TARGETS, 10),
                    resource("Service", SERVICE, 200),
                    resource("LogGroup", "AWS::Logs::LogGroup", 5),
                ],
            ),
        ],
    )
}
