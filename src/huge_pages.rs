//! Memory in huge pages, for a command that takes three hundred megabytes at once and ends. The kernel hands it out in pieces
//! of four kilobytes otherwise, which is a third of the time of `jqs lint`. The allocator reads its options when the program
//! starts, so the program is started again, once; a server is not, whose memory is to stay small.

/// What the allocator reads. <https://jemalloc.net/jemalloc.3.html#opt.thp>
#[cfg(target_os = "linux")]
const VARIABLE: &str = "_RJEM_MALLOC_CONF";
#[cfg(target_os = "linux")]
const OPTIONS: &str = "thp:always,metadata_thp:always";

/// Goes on in a program that has huge pages. Where that cannot be, it goes on as it is: only slower.
#[cfg(target_os = "linux")]
pub(crate) fn ask_for() {
    use std::os::unix::process::CommandExt;
    if std::env::var_os(VARIABLE).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut arguments = std::env::args_os();
    let mut again = std::process::Command::new(program);
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    // It returns only if it fails.
    let _ = again.args(arguments).env(VARIABLE, OPTIONS).exec();
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn ask_for() {}
