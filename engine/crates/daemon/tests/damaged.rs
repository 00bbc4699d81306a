//! What clients ask for, and what a daemon before has left, when it is not what it should be: an error or a result, no panic.

#[path = "../../image/tests/support/damage.rs"]
mod damage;
mod support;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use cranefly_compile::Cranelift;
use cranefly_program::{orphans_in, take_over};
use damage::{damaged, damages};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};
use support::in_process::InProcess;
use support::{Project, publication, with_digests};

/// So many cases of each, always the same; `PROPTEST_CASES` has others looked for, and how many.
const CASES: u32 = 64;

fn config() -> ProptestConfig {
    // What fails is printed, and made a test of its own.
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig { cases: CASES, rng_seed: RngSeed::Fixed(1), ..config },
    }
}

const SOURCE: &str = "
    trait Shape { fn area(&self) -> f64; }
    struct Disk(f64);
    impl Shape for Disk { fn area(&self) -> f64 { 3.0 * self.0.powi(2) } }
    static NAMES: [&str; 2] = [\"a\", \"b\"];
    #[inline(never)]
    fn longest<T: AsRef<str>>(all: &[T]) -> usize {
        all.iter().map(|one| one.as_ref().len()).max().unwrap_or(0)
    }
    fn main() {
        let shapes: [Box<dyn Shape>; 1] = [Box::new(Disk(2.0))];
        println!(\"{} {}\", longest(&NAMES), shapes[0].area());
    }
";

/// Panics that were contained are panics.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// An engine with a published program none of whose functions has code.
struct Setup {
    in_process: InProcess,
    project: Project,
    files: Vec<PathBuf>,
}

impl Setup {
    fn new(name: &str) -> Self {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            // That of a case that has failed is told by proptest.
            PANICS.fetch_add(1, Ordering::Relaxed);
            usual(info);
        }));
        let in_process = InProcess::new(name, Box::new(Cranelift), |options| options.eager = 0);
        let mut project = Project::new(name);
        let files = project.bitcode(SOURCE);
        in_process.publish_files(&project, &files, &json!({})).unwrap();
        Self { in_process, project, files }
    }
}

#[track_caller]
fn no_panic() {
    assert_eq!(PANICS.load(Ordering::Relaxed), 0, "something panicked");
}

/// Files by their paths within a folder.
type Files = Vec<(PathBuf, Vec<u8>)>;

/// What there is beside an image that has functions without code.
fn files_in(folder: &Path) -> Files {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for path in std::fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// A state whose digest is right: behind a line and 32 bytes.
fn sealed(state: &[u8], damage: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let digest = state.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let payload = damage(&state[digest + 32..]);
    [&state[..digest], blake3::hash(&payload).as_bytes(), &payload].concat()
}

/// The parts of the folder that say what to go on with.
const LEFT: [&str; 4] = ["state", "image", "control", "lz4"];

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_another_daemon_left(part in 0..LEFT.len(), damages in damages()) {
        static LEFT_BEHIND: LazyLock<(Setup, Files)> = LazyLock::new(|| {
            let setup = Setup::new("damaged-left");
            let files = files_in(&setup.in_process.images);
            for part in LEFT {
                assert!(files.iter().any(|(path, _)| is(path, part)), "no {part} in {files:?}");
            }
            (setup, files)
        });
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let (setup, files) = &*LEFT_BEHIND;
        let folder = setup.project.folder.join(format!("left-{}", FOLDERS.fetch_add(1, Ordering::Relaxed)));
        for (path, bytes) in files {
            let bytes = match is(path, LEFT[part]) {
                true if LEFT[part] == "state" => sealed(bytes, |payload| damaged(payload, &damages)),
                true => damaged(bytes, &damages),
                false => bytes.clone(),
            };
            std::fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
            std::fs::write(folder.join(path), bytes).unwrap();
        }
        take_over(setup.in_process.engine.resources(), orphans_in(&folder));
        std::fs::remove_dir_all(&folder).unwrap();
        no_panic();
    }

    #[test]
    fn what_is_said_of_an_edit(
        edits in proptest::collection::vec((lines(), lines(), any::<bool>(), any::<bool>()), 0..3),
        is_of_another_unit in any::<bool>(),
        [has_twin, is_twin_behind, verify, has_bitcode] in any::<[bool; 4]>(),
    ) {
        static SETUP: LazyLock<Mutex<(Setup, Vec<PathBuf>)>> = LazyLock::new(|| {
            let mut setup = Setup::new("damaged-edit");
            let edited = setup.project.body_lane(&SOURCE.replace("unwrap_or(0)", "unwrap_or(1)"));
            Mutex::new((setup, edited))
        });
        let guard = SETUP.lock().unwrap();
        let (setup, body_lane) = &*guard;
        let edited: Vec<Value> = edits
            .iter()
            .map(|(old, new, is_generic, is_of_another_file)| {
                let file = setup.project.folder.join(if *is_of_another_file { "other.rs" } else { "main.rs" });
                json!({"file": file, "old": old, "new": new, "generic": is_generic})
            })
            .collect();
        let lane = json!({
            "unit": if is_of_another_unit { "other:lib" } else { "program:main" },
            "crateName": "program",
            "bitcode": if has_bitcode { with_digests(body_lane) } else { Vec::new() },
            "twin": if has_twin { with_digests(&setup.files) } else { Vec::new() },
            "isTwinBehind": is_twin_behind,
            "edited": edited,
        });
        let params = publication(&setup.project, &setup.files, &json!({"bodyLane": [lane], "verify": verify}));
        // Either is well: lines may be anyone's.
        drop(cranefly_daemon::publish(&setup.in_process.engine, serde_json::from_value(params).unwrap()));
        no_panic();
    }
}

/// First and last line, of which neither has to be one.
fn lines() -> impl Strategy<Value = [u32; 2]> {
    let line = || prop_oneof![6 => 0..16u32, 1 => any::<u32>(), 1 => Just(u32::MAX)];
    [line(), line()]
}

fn is(path: &Path, part: &str) -> bool {
    path.file_name() == Some(&OsString::from(part)) || path.extension() == Some(&OsString::from(part))
}
