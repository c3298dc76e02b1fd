//! `jqs fmt` on files, folders and stdin.

use crate::run::Jqs;
use std::fs;

const UNTIDY: &str = "# why\nResources:\n    Topic: {  Type: AWS::SNS::Topic }   # kept\n";
const TIDY: &str = "# why\nResources:\n  Topic: {Type: AWS::SNS::Topic} # kept\n";

#[test]
fn a_folder_of_templates_is_formatted_and_what_is_no_template_is_left_alone() {
    let jqs = Jqs::new(&[]);
    let folder = jqs.home.path().join("templates");
    fs::create_dir(&folder).unwrap();
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    write("untidy.yaml", UNTIDY);
    write("tidy.yaml", TIDY);
    write("pipeline.yml", "jobs:   [ build ]\n");
    write("t.json", "{\"Resources\": {\"Topic\": {\"Type\": \"AWS::SNS::Topic\"}}}");
    let path = folder.to_str().unwrap();

    let check = jqs.run(&["fmt", "--check", path]).expect(1);
    assert!(check.stdout.contains("-    Topic: {  Type: AWS::SNS::Topic }   # kept\n"), "{}", check.stdout);
    assert!(check.stdout.contains("+  Topic: {Type: AWS::SNS::Topic} # kept\n"), "{}", check.stdout);
    assert!(!check.stdout.contains("pipeline") && !check.stdout.contains("/tidy.yaml"), "{}", check.stdout);
    check.says("2 of 3 files would change");
    assert_eq!(read("untidy.yaml"), UNTIDY);

    jqs.run(&["fmt", path]).expect(0).says("formatted");
    assert_eq!((read("untidy.yaml").as_str(), read("tidy.yaml").as_str()), (TIDY, TIDY));
    assert_eq!(read("pipeline.yml"), "jobs:   [ build ]\n");
    assert!(read("t.json").starts_with("{\n  \"Resources\": {\n    \"Topic\": {\n"));
    jqs.run(&["fmt", "--check", path]).expect(0);
}

#[test]
fn stdout_gets_the_text_and_faults_name_their_place() {
    let jqs = Jqs::new(&[]);
    let file = jqs.home.path().join("t.yaml");
    fs::write(&file, UNTIDY).unwrap();
    let path = file.to_str().unwrap();
    assert_eq!(jqs.run(&["fmt", "--stdout", path]).expect(0).stdout, TIDY);
    assert_eq!(fs::read_to_string(&file).unwrap(), UNTIDY);
    assert_eq!(jqs.run_with_input(&["fmt", "-"], UNTIDY.as_bytes()).expect(0).stdout, TIDY);
    fs::write(&file, "Resources: {A: 1, A: 2}\n").unwrap();
    jqs.run(&["fmt", path]).expect(1).says("t.yaml:1:19: the key `A` is there twice");
    jqs.run(&["fmt"]).expect(2);
}
