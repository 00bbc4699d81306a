//! A daemon of the test's own, programs made by the real rustc, and a base image of std alone.
#![allow(dead_code, reason = "no test uses all of it")]

pub mod in_process;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Folder for one test, emptied.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("engine-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).unwrap();
    folder
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The toolchain.
pub fn sysroot() -> &'static str {
    static SYSROOT: OnceLock<String> = OnceLock::new();
    SYSROOT.get_or_init(|| run(Command::new("rustc").args(["--print", "sysroot"])).trim().to_owned())
}

/// std, linked as rustc would link it into an executable, but whole and shared.
pub fn base() -> &'static Path {
    static BASE: OnceLock<PathBuf> = OnceLock::new();
    BASE.get_or_init(|| {
        // Kept for other test processes, and made so that two may make it at a time.
        let mut hasher = DefaultHasher::new();
        run(Command::new("rustc").arg("-vV")).hash(&mut hasher);
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("libbase-{:016x}.so", hasher.finish()));
        if kept.exists() {
            return kept;
        }
        let folder = folder(&format!("base-{}", std::process::id()));
        std::fs::write(folder.join("empty.rs"), "fn main() {}").unwrap();
        std::fs::write(
            folder.join("anchor.c"),
            "char __cranefly_base_anchor[8] = {1}; __thread char __cranefly_tls_anchor[8];",
        )
        .unwrap();
        run(Command::new("cc").args(["-c", "-fPIC", "anchor.c"]).current_dir(&folder));
        let line = run(Command::new("rustc").args(["empty.rs", "--print", "link-args"]).current_dir(&folder));
        let mut link = Command::new("cc");
        link.args(["-shared", "-Wl,-Bsymbolic", "anchor.o"]).current_dir(&folder);
        let mut quoted = line.split('"').skip(1).step_by(2).skip_while(|argument| *argument != "cc").skip(1);
        while let Some(argument) = quoted.next() {
            match argument {
                "-o" => drop(quoted.next()),
                "-pie" | "-Wl,--gc-sections" | "-nodefaultlibs" => {}
                _ if argument.ends_with(".o") => {}
                _ if argument.ends_with(".rlib") => {
                    link.args(["-Wl,--whole-archive", argument, "-Wl,--no-whole-archive"]);
                }
                _ => drop(link.arg(argument)),
            }
        }
        let nonshared = run(Command::new("cc").arg("-print-file-name=libc_nonshared.a"));
        link.args(["-Wl,--whole-archive", nonshared.trim(), "-Wl,--no-whole-archive", "-o", "libbase.so"]);
        run(&mut link);
        std::fs::rename(folder.join("libbase.so"), &kept).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        kept
    })
}

/// A program in its folder, compiled again and again.
pub struct Project {
    pub folder: PathBuf,
    invocation: u32,
}

impl Project {
    pub fn new(name: &str) -> Self {
        Self::at(folder(name))
    }

    /// The project whose folder that is.
    pub fn at(folder: PathBuf) -> Self {
        Self { folder, invocation: 0 }
    }

    pub fn executable(&self) -> PathBuf {
        self.folder.join("program")
    }

    /// The folder of its daemon's images.
    pub fn images(&self) -> PathBuf {
        let mut folders = std::fs::read_dir(self.folder.join("run/cranefly-images")).unwrap();
        folders.next().unwrap().unwrap().path()
    }

    /// Compiles `source` to bitcode as the front end does; gives the files.
    pub fn bitcode(&mut self, source: &str) -> Vec<PathBuf> {
        self.compile(source, &["-Cincremental=incremental"])
    }

    /// Compiles `source`, with blanked bodies, as the body lane does.
    pub fn body_lane(&mut self, source: &str) -> Vec<PathBuf> {
        self.compile(source, &["-Cincremental=incremental-body", "-Clink-dead-code"])
    }

    fn compile(&mut self, source: &str, options: &[&str]) -> Vec<PathBuf> {
        self.invocation += 1;
        // Always the same name for rustc, which would make every unit anew otherwise.
        let out = self.folder.join("out");
        std::fs::write(self.folder.join("main.rs"), source).unwrap();
        let mut rustc = Command::new("rustc");
        if source.contains("#![feature") {
            rustc.env("RUSTC_BOOTSTRAP", "1");
        }
        run(rustc
            .current_dir(&self.folder)
            .args(["main.rs", "--edition=2024", "-Awarnings"])
            .args([
                "--emit=llvm-bc",
                "-Ccodegen-units=256",
                "-Cno-prepopulate-passes",
                "-Cdebuginfo=1",
                "--out-dir=out",
            ])
            .args(options));
        let kept = self.folder.join(format!("out-{}", self.invocation));
        std::fs::rename(out, &kept).unwrap();
        let mut files: Vec<PathBuf> = std::fs::read_dir(kept).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    /// What a native build of the last source does.
    pub fn native(&self, arguments: &[&str]) -> Output {
        let mut rustc = Command::new("rustc");
        rustc.current_dir(&self.folder).args([
            "main.rs",
            "--edition=2024",
            "-Awarnings",
            "-Cdebuginfo=1",
            "-o",
            "native",
        ]);
        run(&mut rustc);
        Command::new(self.folder.join("native")).args(arguments).output().unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new(self.executable()).args(arguments).output().unwrap()
    }
}

/// Bitcode as a client names it.
pub fn with_digests(files: &[PathBuf]) -> Vec<Value> {
    let digest = |path: &Path| {
        let digest = Sha256::digest(std::fs::read(path).unwrap_or_default());
        digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    files.iter().map(|path| json!({"path": path, "digest": digest(path)})).collect()
}

/// Parameters of a publication of `files` as the program of `project`.
pub fn publication(project: &Project, files: &[PathBuf], more: &Value) -> Value {
    let mut params = json!({
        "workspace": project.folder, "program": "debug/program", "executable": project.executable(),
        "base": base(), "units": [{"id": "program:main", "bitcode": with_digests(files)}], "optLevel": "0",
    });
    for (name, value) in more.as_object().unwrap() {
        params[name] = value.clone();
    }
    params
}

/// That the program does what a native build of its source does, and gives what it printed.
#[track_caller]
pub fn same_as_native(project: &Project, arguments: &[&str]) -> String {
    let (native, ours) = (project.native(arguments), project.run(arguments));
    assert_eq!(text(&ours.stdout), text(&native.stdout), "{}", text(&ours.stderr));
    assert_eq!(ours.status, native.status);
    text(&ours.stdout)
}

/// A daemon that ends with the test.
pub struct Daemon {
    child: Child,
    folder: PathBuf,
    options: Vec<String>,
}

impl Daemon {
    /// Starts a daemon whose socket and images are in `folder`.
    pub fn start(folder: &Path, options: &[&str]) -> Self {
        Self::start_with(folder, options, |_| {})
    }

    /// The same, in an environment of the test's.
    pub fn start_with(folder: &Path, options: &[&str], prepare: impl FnOnce(&mut Command)) -> Self {
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let mut command = Self::command(folder, &options);
        prepare(&mut command);
        Self { child: command.spawn().unwrap(), folder: folder.to_owned(), options }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn command(folder: &Path, options: &[String]) -> Command {
        // Images are there if others may pass through it.
        let run = folder.join("run");
        let _ = std::fs::DirBuilder::new().create(&run);
        std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o711)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cranefly-engine"));
        command
            .args(["serve", "--socket"])
            .arg(folder.join("engine.sock"))
            .args(["--sysroot", sysroot()])
            .args(options)
            .env("XDG_RUNTIME_DIR", run)
            .env("CRANEFLY_LOG", "warn")
            .stdin(Stdio::null());
        command
    }

    /// Kills the daemon at once.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it ends by itself before a minute has passed.
    pub fn ends(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// Starts it again after [`Self::kill`].
    pub fn restart(&mut self) {
        self.child = Self::command(&self.folder, &self.options).spawn().unwrap();
    }

    /// A connection, waiting for the daemon to come up.
    pub fn connect(&self) -> UnixStream {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            match UnixStream::connect(self.folder.join("engine.sock")) {
                Ok(stream) => return stream,
                Err(error) => assert!(Instant::now() < deadline, "no daemon: {error}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// One request; the result, or the error.
    pub fn call(&self, method: &str, params: &Value) -> Result<Value, Value> {
        let mut stream = self.connect();
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        write!(stream, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the daemon hung up");
            match line.trim().split_once(": ") {
                Some((_, value)) => length = value.parse().unwrap(),
                None => break,
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let mut answer: Value = serde_json::from_slice(&body).unwrap();
        match answer.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(answer["result"].take()),
        }
    }

    /// Publishes `files`, as they are, as the program of `project`.
    pub fn publish(&self, project: &Project, files: &[PathBuf]) -> Result<Value, Value> {
        self.publish_with(project, files, &json!({}))
    }

    /// The same with more parameters.
    pub fn publish_with(&self, project: &Project, files: &[PathBuf], more: &Value) -> Result<Value, Value> {
        self.ask("publish", project, files, more)
    }

    /// A request with the parameters of a publication.
    pub fn ask(&self, method: &str, project: &Project, files: &[PathBuf], more: &Value) -> Result<Value, Value> {
        self.call(method, &publication(project, files, more))
    }

    /// Compiles and publishes `source`; gives the report.
    pub fn publish_source(&self, project: &mut Project, source: &str) -> Value {
        let files = project.bitcode(source);
        self.publish(project, &files).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A program that found no daemon has started another one.
        if let Ok(stream) = UnixStream::connect(self.folder.join("engine.sock")) {
            let _ = end(stream);
        }
    }
}

/// Has the daemon behind a connection end. (No test fails because that does not work.)
fn end(mut stream: UnixStream) -> std::io::Result<()> {
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "shutdown", "params": {}}).to_string();
    write!(stream, "Content-Length: {}\r\n\r\n{body}", body.len())?;
    stream.shutdown(std::net::Shutdown::Write)?;
    std::io::copy(&mut stream, &mut std::io::sink())?;
    Ok(())
}

/// Waits until `condition` holds.
#[track_caller]
pub fn poll(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Text of a stream.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
