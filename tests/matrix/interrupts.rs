//! Ctrl-C and worse, in the middle of a run.

use crate::cloud::Cloud;
use crate::project::{Project, jqs, verdicts};
use crate::run::{Jqs, finish, signal, wait_for};
use std::io::Read;
use std::process::Child;
use std::time::Duration;

const TESTS: &str = "project: {name: shop, regions: [eu-west-1, us-east-1], template: templates/entry.yaml}
tests:
  one: {parameters: {TemplateBucket: '$[taskcat_autobucket]'}}
  two: {}
";
const REGIONS: &str = "eu-west-1,us-east-1";

fn start(jqs: &Jqs, project: &Project) -> Child {
    let root = project.path().display().to_string();
    let out = project.path().join("taskcat_outputs").display().to_string();
    jqs.start(&["test", "run", "--project-root", &root, "--output-directory", &out, "--no-prove", "-l"])
}

#[tokio::test]
async fn ctrl_c_deletes_what_was_made() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "1000")]);
    let before = cloud.inventory().await;
    let project = Project::new(TESTS);
    let mut child = start(&jqs(&cloud), &project);
    let mut rest = wait_for(&mut child, "creating");
    tokio::time::sleep(Duration::from_millis(500)).await;
    signal(child.id(), "INT");
    let mut said = String::new();
    rest.read_to_string(&mut said).unwrap();
    finish(child).expect(130);
    assert!(said.contains("Stopping: what was made is deleted.") && said.contains("it was stopped"), "{said}");
    assert_eq!(cloud.inventory().await, before);
}

#[tokio::test]
async fn a_second_ctrl_c_leaves_at_once_and_says_how_to_clear_away() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "2000")]);
    let before = cloud.inventory().await;
    let project = Project::new(TESTS);
    let program = jqs(&cloud);
    let mut child = start(&program, &project);
    let mut rest = wait_for(&mut child, "creating");
    tokio::time::sleep(Duration::from_millis(500)).await;
    signal(child.id(), "INT");
    tokio::time::sleep(Duration::from_millis(300)).await;
    signal(child.id(), "INT");
    let mut said = String::new();
    rest.read_to_string(&mut said).unwrap();
    finish(child).expect(130);
    let command = said.lines().find(|line| line.contains("jqs test clean --run ")).expect("the command").trim();
    assert!(said.contains("stacks may still be there"), "{said}");
    let id = command.rsplit(' ').next().unwrap();
    program.run(&["test", "clean", "--run", id, "--regions", REGIONS, "--yes"]).expect(0);
    assert_eq!(cloud.inventory().await, before);
}

/// At whatever moment: half of the times the run is taken up again, half of the times it is cleared away.
#[tokio::test]
async fn after_a_kill_resume_and_clean_do() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "300")]);
    let before = cloud.inventory().await;
    let program = jqs(&cloud);
    for (turn, milliseconds) in [30, 250, 500, 800, 1_200, 1_700, 2_300, 3_000].into_iter().enumerate() {
        let project = Project::new(TESTS);
        let mut child = start(&program, &project);
        let rest = wait_for(&mut child, "Run ");
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        drop(rest);
        if turn % 2 == 0 {
            let resumed = program.run_in(project.path(), &["test", "resume", "--no-prove", "-l"]);
            if resumed.code == Some(1) && resumed.stderr.contains("there is no run to go on with") {
                // It was killed before anything was made, or after all was over.
            } else {
                resumed.expect(0);
                assert!(verdicts(&project.report()).iter().all(|verdict| verdict.ends_with(" passed")));
            }
        }
        let clean = program.run(&["test", "clean", "shop", "--regions", REGIONS, "--yes"]).expect(0);
        program.run(&["test", "clean", "shop", "--regions", REGIONS, "--yes"]).expect(0).says("Nothing of it is there");
        drop(clean);
        assert_eq!(cloud.inventory().await, before, "killed after {milliseconds} ms");
    }
}
