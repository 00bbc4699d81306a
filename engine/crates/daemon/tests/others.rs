//! Programs of other users than the one who built them: started by them, or by root that becomes somebody else.
//!
//! Becoming another user takes root, as which these tests run in containers. Without it they check the modes that decide about it,
//! and say so.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Daemon, Project, text};

mod support;

const NOBODY: u32 = 65534;

/// Says who runs it. With an argument it first becomes somebody else, and then calls what nobody has called before.
const PROGRAM: &str = r#"
    unsafe extern "C" {
        fn getuid() -> u32;
        fn setuid(user: u32) -> i32;
        fn setgid(group: u32) -> i32;
    }
    #[inline(never)]
    fn first(depth: u32) -> u32 { if depth == 0 { second(1) } else { first(depth - 1) + 1 } }
    #[inline(never)]
    fn second(number: u32) -> u32 { number * 3 }
    fn main() {
        if let Some(user) = std::env::args().nth(1) {
            let user: u32 = user.parse().unwrap();
            assert_eq!(unsafe { (setgid(user), setuid(user)) }, (0, 0));
        }
        println!("user {} {}", unsafe { getuid() }, first(10));
        let failed = std::panic::catch_unwind(|| { let _: Vec<u32> = Vec::with_capacity(usize::MAX); });
        println!("{}", failed.is_err());
    }
"#;

/// A folder that everybody may read, whose program stands on a base image there; images are where they are by default.
struct Shared {
    folder: PathBuf,
    project: Project,
    daemon: Daemon,
}

impl Shared {
    fn new(name: &str, options: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("cranefly-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        fs::copy(support::base(), folder.join("libbase.so")).unwrap();
        let project = Project::new(name);
        let closed = project.folder.clone();
        let daemon = Daemon::start_with(&project.folder, options, |command| {
            command.env("XDG_RUNTIME_DIR", closed);
        });
        Self { folder, project, daemon }
    }

    fn executable(&self) -> PathBuf {
        self.folder.join("program")
    }

    /// Publishes the program; gives its image.
    fn publish(&mut self, source: &str) -> PathBuf {
        let files = self.project.bitcode(source);
        let more = json!({"base": self.folder.join("libbase.so"), "executable": self.executable()});
        let report = self.daemon.publish_with(&self.project, &files, &more).unwrap();
        PathBuf::from(report["image"].as_str().unwrap())
    }

    fn run_as(&self, user: u32, program: &Path) -> Output {
        Command::new(program).uid(user).gid(user).current_dir("/").output().unwrap()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let images = self.daemon.call("status", &json!({})).ok().and_then(|status| image_folder(&status));
        self.daemon.kill();
        let _ = fs::remove_dir_all(&self.folder);
        if let Some(folder) = images {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn image_folder(status: &Value) -> Option<PathBuf> {
    Some(Path::new(status["programs"][0]["image"].as_str()?).parent()?.to_owned())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

fn is_root() -> bool {
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if !is_root {
        eprintln!("not root: only modes are checked, nothing is run as another user");
    }
    is_root
}

#[track_caller]
fn says(output: &Output, expected: &str) {
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), expected.to_owned()),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn another_user_starts_a_program_and_a_copy_of_it() {
    let mut shared = Shared::new("others", &[]);
    let image = shared.publish(PROGRAM);
    assert_eq!(mode(&image), 0o600 | mode(support::base()) & 0o555);
    for folder in [image.parent().unwrap(), image.parent().unwrap().parent().unwrap()] {
        assert_eq!(mode(folder), 0o711, "{}", folder.display());
    }
    // Nobody can guess where it is.
    let secret = image.parent().unwrap().to_str().unwrap().rsplit('-').next().unwrap();
    assert_eq!(secret.len(), 32);
    for entry in fs::read_dir(image.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        assert!(path == image || mode(&path) & 0o077 == 0, "{}", path.display());
    }
    if is_root() {
        let copy = shared.folder.join("copy");
        fs::copy(shared.executable(), &copy).unwrap();
        for program in [&shared.executable(), &copy] {
            says(&shared.run_as(NOBODY, program), "user 65534 13\ntrue\n");
        }
        // A program with its owner's rights, which the loader trusts less.
        fs::set_permissions(&copy, Permissions::from_mode(0o4755)).unwrap();
        says(&shared.run_as(NOBODY, &copy), "user 65534 13\ntrue\n");
    }
    // Not after an edit either, which is made in place.
    shared.publish(&PROGRAM.replace("* 3", "* 4"));
    assert_eq!(mode(&image), 0o600 | mode(support::base()) & 0o555);
}

#[test]
fn an_image_is_as_private_as_the_linker_makes_files() {
    let mut shared = Shared::new("private", &[]);
    let base = shared.folder.join("libbase.so");
    fs::set_permissions(&base, Permissions::from_mode(0o700)).unwrap();
    let image = shared.publish(PROGRAM);
    assert_eq!(mode(&image), 0o700);
    says(&Command::new(shared.executable()).output().unwrap(), "user UID 13\ntrue\n".replace("UID", &own()).as_str());
}

fn own() -> String {
    fs::metadata("/proc/self").unwrap().uid().to_string()
}

#[test]
fn a_program_that_becomes_somebody_else_has_its_functions_compiled() {
    let mut shared = Shared::new("drops", &["--eager-functions", "0", "--compile-ahead", "false"]);
    let image = shared.publish(PROGRAM);
    assert_eq!(mode(&image), 0o600, "others cannot ask for functions");
    if is_root() {
        let before = first_calls(&shared.daemon);
        let output = Command::new(shared.executable()).arg(NOBODY.to_string()).output().unwrap();
        says(&output, "user 65534 13\ntrue\n");
        assert!(first_calls(&shared.daemon) > before);
    }
}

#[test]
fn others_are_admitted_when_everything_is_compiled() {
    let mut shared = Shared::new("later", &["--eager-functions", "0"]);
    let image = shared.publish(PROGRAM);
    let begun = Instant::now();
    while mode(&image) & 0o004 == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    if is_root() {
        says(&shared.run_as(NOBODY, &shared.executable()), "user 65534 13\ntrue\n");
    }
}

#[test]
fn a_folder_that_others_could_change_is_not_used() {
    let project = Project::new("foreign");
    let run = project.folder.join("open");
    let planted = run.join("cranefly-images");
    fs::create_dir_all(&planted).unwrap();
    fs::set_permissions(&run, Permissions::from_mode(0o711)).unwrap();
    fs::set_permissions(&planted, Permissions::from_mode(0o777)).unwrap();
    let mut project = project;
    let daemon = Daemon::start_with(&project.folder, &[], |command| {
        command.env("XDG_RUNTIME_DIR", &run);
    });
    let report = daemon.publish_source(&mut project, PROGRAM);
    let image = Path::new(report["image"].as_str().unwrap());
    assert!(!image.starts_with(&run), "{}", image.display());
    assert_eq!(fs::read_dir(&planted).unwrap().count(), 0);
    fs::remove_dir_all(image.parent().unwrap()).unwrap();
}

fn first_calls(daemon: &Daemon) -> u64 {
    daemon.call("status", &json!({})).unwrap()["memory"]["firstCalls"].as_u64().unwrap()
}

#[test]
fn images_of_a_daemon_that_nobody_can_reach_are_removed() {
    let mut project = Project::new("unreachable");
    let daemon = Daemon::start(&project.folder, &[]);
    daemon.publish_source(&mut project, PROGRAM);
    let images = project.images();
    drop(daemon);
    let other = |name: &str, socket: &Path| {
        let folder = images.with_file_name(name);
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("socket"), socket.as_os_str().as_encoded_bytes()).unwrap();
        folder
    };
    let gone = other("gone", &project.folder.join("gone/engine.sock"));
    let reachable = other("reachable", &project.folder.join("other.sock"));
    let daemon = Daemon::start(&project.folder, &[]);
    // It answers when it has looked.
    daemon.call("status", &json!({})).unwrap();
    assert!(!gone.exists());
    assert!(reachable.exists());
    // Its own is the one that it had before.
    assert!(images.exists());
    assert_eq!(fs::read_dir(images.parent().unwrap()).unwrap().count(), 2);
    let output = project.run(&[]);
    assert!(text(&output.stdout).ends_with("13\ntrue\n"), "{}", text(&output.stderr));
}
