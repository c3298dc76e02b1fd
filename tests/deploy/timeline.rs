//! The chart of an operation, however it ends.

use crate::cloud::Cloud;
use crate::fake::{Fake, Phase};

fn chart(folder: &tempfile::TempDir) -> (String, impl Fn() -> String + use<>) {
    let path = folder.path().join("timeline.html");
    let read = path.clone();
    (path.display().to_string(), move || std::fs::read_to_string(&read).unwrap())
}

#[test]
fn a_deployment_a_failure_and_a_teardown_are_drawn() {
    let (fake, folder) = (Fake::start(), tempfile::tempdir().unwrap());
    let (path, page) = chart(&folder);
    fake.fails("Jaeger/Storage/Role", Phase::Create, 1, "<b>malformed</b>");
    let deploy = ["deploy", "--yes", "--skip-image-check", "--timeline", &path];
    fake.jqs().run(&deploy).expect(1).says(&format!("The timeline is in {path}."));
    assert!(page().contains("ROLLBACK_COMPLETE") && page().contains("&lt;b&gt;malformed"), "{}", page());

    fake.jqs().run(&deploy).expect(0);
    let both = page();
    assert!(both.contains("DELETE_COMPLETE") || both.contains("bar delete\" style"), "what failed is deleted first");
    assert!(both.contains("CREATE_COMPLETE") && both.contains("<b>NatGateway</b>"), "{both}");

    fake.jqs().run(&["timeline", "--out", &path]).expect(0);
    assert!(page().contains("CREATE_COMPLETE") && !page().contains("bar delete\" style"), "the last operation alone");
    assert_eq!(page().matches("<b>Traces</b>").count(), 1, "{}", page());

    fake.jqs().run(&["teardown", "--yes", "--timeline", &path]).expect(0);
    assert!(page().contains("DELETE_COMPLETE") && page().contains("bar delete\" style"), "{}", page());
}

#[test]
fn one_that_is_left_is_drawn_as_far_as_it_came() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "150")]);
    let folder = tempfile::tempdir().unwrap();
    let (path, page) = chart(&folder);
    let child = cloud.jqs().start(&["deploy", "--yes", "--skip-image-check", "--timeline", &path]);
    let id = child.id();
    let interrupter = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_secs(4));
        crate::run::signal(id, "INT");
    });
    let run = crate::run::finish(child);
    interrupter.join().unwrap();
    run.expect(130).says("The timeline is in");
    assert!(page().contains("CREATE_IN_PROGRESS") && page().contains("It went on when this was written."));
    cloud.jqs().run(&["watch", "--timeline", &path]).expect(0);
    assert!(page().contains("CREATE_COMPLETE"), "{}", page());
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_made() {
    let fake = Fake::start();
    let deploy = ["deploy", "--yes", "--skip-image-check", "--timeline", "/nowhere/timeline.html"];
    fake.jqs().run(&deploy).expect(1).says("cannot write the timeline to `/nowhere/timeline.html`");
    assert_eq!(fake.count("CreateChangeSet"), 0);
}
