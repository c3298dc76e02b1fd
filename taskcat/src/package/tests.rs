//! What is packed, and how.

use super::*;
use crate::config::{BucketChoice, LoadOptions};
use jqs_stacks::Identity;

fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = "project: {name: shop, regions: [eu-west-1], template: t.yaml}\ntests: {one: {}}\n";
    let template = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n";
    for (name, text) in files.iter().chain(&[(".taskcat.yml", config), ("t.yaml", template)]) {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let options = LoadOptions { project_root: folder.path().to_owned(), ..LoadOptions::default() };
    let config = Config::load(&options).expect("a configuration");
    (folder, config)
}

fn keys(package: &Package) -> Vec<&str> {
    package.items.iter().map(|item| item.key.as_str()).collect()
}

#[test]
fn an_ignore_file_and_defaults_leave_out_what_no_stack_needs() {
    let (folder, config) = project(&[
        ("scripts/a.sh", ""),
        ("scripts/b.log", ""),
        ("node_modules/x/y.js", ""),
        (".git/config", ""),
        ("taskcat_outputs/report.html", ""),
        ("submodules/vpc/templates/vpc.yaml", ""),
        (".taskcatignore", "*.log\n"),
    ]);
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join("out")).expect("linked");
    std::os::unix::fs::symlink("scripts/a.sh", folder.path().join("within")).expect("linked");
    let package = Package::of(&config).expect("a package");
    assert_eq!(
        keys(&package),
        ["shop/scripts/a.sh", "shop/submodules/vpc/templates/vpc.yaml", "shop/t.yaml", "shop/within"]
    );
    assert_eq!(package.left_out, ["out: a link to a folder, or out of the project"]);
}

#[test]
fn functions_become_zips_without_docker_and_the_same_files_the_same_bytes() {
    let (folder, config) = project(&[
        ("lambda_functions/source/one/main.py", "def handler(event, context): pass\n"),
        ("lambda_functions/source/one/Dockerfile", "FROM scratch\n"),
        ("submodules/vpc/lambda_functions/source/two/index.js", "exports.handler = () => 1\n"),
    ]);
    let built = build(&config, Builder::Local).expect("built");
    let zip = folder.path().join("lambda_functions/packages/one/lambda.zip");
    assert_eq!(built[0].zip, zip);
    let first = std::fs::read(&zip).expect("a zip");
    std::fs::write(folder.path().join("lambda_functions/source/one/main.py"), "def handler(event, context): pass\n")
        .expect("written again");
    build(&config, Builder::Local).expect("built");
    assert_eq!(std::fs::read(&zip).expect("a zip"), first);
    assert!(
        keys(&Package::of(&config).expect("a package"))
            .contains(&"shop/submodules/vpc/lambda_functions/packages/two/lambda.zip")
    );
}

#[test]
fn a_project_without_functions_needs_no_docker_and_no_python() {
    let (_folder, config) = project(&[]);
    assert!(config.package.is_wanted, "as TaskCat has it, by default");
    assert_eq!(build(&config, Builder::Docker).expect("nothing to do"), []);
}

#[test]
fn names_of_buckets_are_legal_and_the_same_again() {
    let identity = Identity {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        partition: "aws",
        arn: String::new(),
    };
    let name = |project: &str, run: &str| bucket_name(&BucketChoice::Auto, project, run, &identity);
    assert_eq!(name("shop", "ab12"), name("shop", "ab12"));
    assert_ne!(name("shop", "ab12"), name("shop", "ab13"));
    assert!(name("shop/one", "ab12").starts_with("tcat-shop-one-"));
    assert_eq!(name(&"x".repeat(90), "ab12").len(), 63);
    let regional = BucketChoice::NamedByRegion("own".to_owned());
    assert_eq!(bucket_name(&regional, "shop", "ab12", &identity), "own-eu-west-1");
}
