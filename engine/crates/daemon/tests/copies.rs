//! Files that were copied, moved or linked from a program's executable, before and after the program was built again: they are what
//! they were made from, or say that they are not.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::json;
use support::{Daemon, Project, text};

mod support;

/// A program that says which build it is of, and can start itself again.
fn version(number: u32) -> String {
    format!(
        r#"
        use std::os::unix::process::CommandExt;
        #[used]
        #[unsafe(link_section = ".init_array")]
        static EARLY: extern "C" fn() = early;
        extern "C" fn early() {{
            unsafe extern "C" {{ fn write(fd: i32, text: *const u8, length: usize) -> isize; }}
            unsafe {{ write(1, b"early ".as_ptr(), 6) }};
        }}
        fn main() {{
            println!("version {number}");
            let mut arguments = std::env::args().skip(1);
            let Some(name) = arguments.next() else {{ return }};
            let _ = std::io::stdin().read_line(&mut String::new());
            let error = std::process::Command::new(name).exec();
            panic!("{{error}}");
        }}
        "#
    )
}

fn run(path: &Path) -> Output {
    Command::new(path).output().unwrap()
}

#[track_caller]
fn runs(path: &Path, number: u32) {
    let output = run(path);
    assert_eq!(
        (output.status.code(), text(&output.stdout), text(&output.stderr)),
        (Some(0), format!("early version {number}\n"), String::new())
    );
}

/// Says what it is, and runs nothing: no constructor either.
#[track_caller]
fn is_of_an_earlier_build(path: &Path, project: &Project) {
    let output = run(path);
    let executable = project.executable().canonicalize().unwrap();
    let expected = format!(
        "cranefly: {} is of an earlier build of {}, whose code is not kept: copy the program again, or build it again\n",
        path.display(),
        executable.display(),
    );
    assert_eq!(
        (output.status.code(), text(&output.stdout), text(&output.stderr)),
        (Some(126), String::new(), expected)
    );
}

/// Copies of the executable, by whatever means, elsewhere.
fn copies(project: &Project) -> [PathBuf; 3] {
    let folder = project.folder.canonicalize().unwrap().join("elsewhere");
    fs::create_dir_all(&folder).unwrap();
    let copies = ["copied", "linked", "stripped"].map(|name| folder.join(name));
    fs::copy(project.executable(), &copies[0]).unwrap();
    fs::hard_link(project.executable(), &copies[1]).unwrap();
    let status = Command::new("strip").arg(project.executable()).arg("-o").arg(&copies[2]).status().unwrap();
    assert!(status.success());
    copies
}

#[test]
fn a_copy_never_runs_another_build() {
    let mut project = Project::new("copies");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, &version(1));
    let copies = copies(&project);
    let link = copies[0].with_file_name("symbolic");
    symlink(project.executable(), &link).unwrap();
    for path in copies.iter().chain([&link, &project.executable()]) {
        runs(path, 1);
    }
    daemon.publish_source(&mut project, &version(2));
    runs(&project.executable(), 2);
    runs(&link, 2);
    for path in &copies {
        is_of_an_earlier_build(path, &project);
    }
    // Built again as it was.
    daemon.publish_source(&mut project, &version(1));
    for path in copies.iter().chain([&project.executable()]) {
        runs(path, 1);
    }
}

#[test]
fn a_program_that_runs_while_it_is_built_starts_what_it_names() {
    let mut project = Project::new("again");
    let daemon = Daemon::start(&project.folder, &[]);
    let executable = project.executable();
    let start = |name: &Path| {
        let mut command = Command::new(&executable);
        command.arg(name).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        command.stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    daemon.publish_source(&mut project, &version(1));
    let by_name = start(&executable);
    let by_file = start(Path::new("/proc/self/exe"));
    std::thread::sleep(std::time::Duration::from_millis(300));
    daemon.publish_source(&mut project, &version(2));
    let output = by_name.wait_with_output().unwrap();
    assert_eq!(text(&output.stdout), "early version 1\nearly version 2\n");
    let output = by_file.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(126), "early version 1\n".to_owned()));
    assert!(text(&output.stderr).contains("program (deleted) is of an earlier build of "), "{}", text(&output.stderr));
}

#[test]
fn an_older_file_that_is_put_back_does_not_run_newer_code() {
    let mut project = Project::new("put-back");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, &version(1));
    let kept = project.folder.join("kept");
    fs::copy(project.executable(), &kept).unwrap();
    daemon.publish_source(&mut project, &version(2));
    fs::rename(&kept, project.executable()).unwrap();
    is_of_an_earlier_build(&project.executable().canonicalize().unwrap(), &project);
    // The next publication is a program again.
    daemon.publish_source(&mut project, &version(2));
    runs(&project.executable(), 2);
}

#[test]
fn a_program_without_its_image_says_so() {
    let mut project = Project::new("absent");
    let mut daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, &version(1));
    daemon.kill();
    runs(&project.executable(), 1);
    fs::remove_dir_all(project.images().parent().unwrap()).unwrap();
    let executable = project.executable().canonicalize().unwrap();
    let output = run(&executable);
    let expected = format!(
        "cranefly: {} cannot be run: its code was in memory, and is there no more; build it again\n",
        executable.display()
    );
    assert_eq!(
        (output.status.code(), text(&output.stdout), text(&output.stderr)),
        (Some(126), String::new(), expected)
    );
    daemon.restart();
    daemon.publish_source(&mut project, &version(1));
    runs(&project.executable(), 1);
}

#[test]
fn what_stands_in_for_cargos_program_is_the_current_one() {
    let mut project = Project::new("stands-in");
    let daemon = Daemon::start(&project.folder, &[]);
    let target = project.folder.join("target");
    let own = target.join("cranefly");
    let executable = own.join("debug/program");
    let stand_in = target.join("debug/program");
    fs::create_dir_all(stand_in.parent().unwrap()).unwrap();
    for number in [1, 2] {
        let files = project.bitcode(&version(number));
        daemon.publish_with(&project, &files, &json!({"workspace": own, "executable": executable})).unwrap();
        if number == 1 {
            fs::copy(&executable, &stand_in).unwrap();
            fs::copy(&executable, stand_in.with_file_name("program2")).unwrap();
        }
        runs(&stand_in, number);
    }
    assert_eq!(run(&stand_in.with_file_name("program2")).status.code(), Some(126));
}
