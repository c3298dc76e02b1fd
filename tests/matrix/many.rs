//! A large matrix: two hundred stacks over sixteen regions.

use crate::cloud::{Cloud, jqs_at};
use crate::faulty_proxy::{Rule, start};
use crate::project::Project;
use crate::run::finish;
use std::fmt::Write as _;
use std::sync::atomic::Ordering;

const REGIONS: usize = 16;
const STACKS: usize = 200;
/// Of the test's own program, unoptimized.
const MEMORY_BYTES_MAX: u64 = 400 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_stacks_over_sixteen_regions_need_few_calls_and_little_memory() {
    let cloud = Cloud::start_with(&[("SHIM_DELAY_MS", "50")]);
    let regions: Vec<&str> = jqs_cfn::region::all().iter().take(REGIONS).copied().collect();
    let mut config = format!(
        "project: {{name: shop, regions: [{}], template: templates/entry.yaml, limits: {{stacks_per_account: 200}}}}\ntests:\n",
        regions.join(", ")
    );
    for number in 0..STACKS.div_ceil(REGIONS) {
        let few = if number == STACKS / REGIONS {
            format!(", regions: [{}]", regions[..STACKS % REGIONS].join(", "))
        } else {
            String::new()
        };
        let _ = writeln!(config, "  test-{number}: {{parameters: {{Name: n{number}}}{few}}}");
    }
    let project = Project::new(&config);
    let rules: Vec<Rule> =
        ["CreateStack", "DescribeStacks", "DescribeStackEvents", "DeleteStack"].map(Rule::counting).into();
    let endpoint = start(cloud.port, rules.clone()).await;
    let root = project.path().display().to_string();
    let out = project.path().join("out").display().to_string();
    let work = move || {
        let jqs = jqs_at(&endpoint);
        let arguments = ["test", "run", "--project-root", &root, "--output-directory", &out, "-m", "--no-prove", "-l"];
        let child = jqs.start(&arguments);
        let process = format!("/proc/{}/status", child.id());
        let watcher = std::thread::spawn(move || {
            let mut peak = 0_u64;
            while let Ok(status) = std::fs::read_to_string(&process) {
                let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
                let Some(kilobytes) = line.and_then(|text| text.parse::<u64>().ok()) else { break };
                peak = kilobytes * 1024;
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            peak
        });
        let run = finish(child);
        (run, watcher.join().unwrap())
    };
    let (run, peak) = tokio::task::spawn_blocking(work).await.unwrap();
    let run = run.expect(0).says("200 of 200 passed");
    let calls: Vec<usize> = rules.iter().map(|rule| rule.seen.load(Ordering::SeqCst)).collect();
    let [made, looked, events, deleted] = calls[..] else { panic!("four actions") };
    assert_eq!((made, deleted), (STACKS, STACKS), "each is made and deleted once");
    assert!(events <= STACKS + STACKS / 10, "{events} reads of events");
    // A list of a region tells of all of its stacks, and the shortest pause is between two of them.
    // And before it is deleted, each is looked at once.
    let most = REGIONS * (run.took.as_millis() as usize / 500 + 4) + 2 * STACKS;
    assert!(looked <= most, "{looked} looks, more than {most}");
    assert!(peak < MEMORY_BYTES_MAX, "{} MiB", peak >> 20);
}
