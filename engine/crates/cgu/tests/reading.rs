//! Units are read once, known by their contents, and hold what must be known without their functions' bodies.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use cranefly_bitcode::Llvm;
use cranefly_cache::Key;
use cranefly_cgu::{
    BitcodeFile, BitcodeForm, DecodeHandler, DecodedFunction, Digest, FunctionIdentity, HandlerError, ReadContext,
    UnitCache, UnitError,
};

const SOURCE: &str = r#"
pub fn first(n: u32) -> u32 { second(n) ^ 1 }
pub fn second(n: u32) -> u32 {
    !n
}
pub fn blank() -> u32 { loop {} }
pub fn enters() { unsafe { std::arch::asm!("syscall") } }
pub async fn waits() -> u32 { std::future::ready(1).await }
pub fn starts() -> impl Future<Output = u32> { let mut future = Box::pin(waits()); std::future::poll_fn(move |context| future.as_mut().poll(context)) }
std::arch::global_asm!("nop");
"#;

fn llvm() -> &'static Llvm {
    static LLVM: OnceLock<Llvm> = OnceLock::new();
    LLVM.get_or_init(|| {
        let output = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc runs");
        Llvm::open(Path::new(String::from_utf8(output.stdout).expect("UTF-8").trim())).expect("libLLVM opens")
    })
}

/// A folder with the source and its bitcode.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cgu-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let folder = folder.canonicalize().expect("a folder");
        std::fs::write(folder.join("lib.rs"), SOURCE).expect("writable");
        let output = Command::new("rustc")
            .args(["lib.rs", "--crate-name=app", "--crate-type=lib", "--edition=2024", "-Awarnings"])
            .args(["--emit=llvm-bc", "-Ccodegen-units=1", "-Cno-prepopulate-passes", "-Cdebuginfo=2"])
            .arg("-Clink-dead-code")
            .current_dir(&folder)
            .output()
            .expect("rustc runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self(folder)
    }

    fn bitcode(&self) -> PathBuf {
        self.0.join("app.bc")
    }

    fn file(&self) -> BitcodeFile {
        let digest = Digest::of(&std::fs::read(self.bitcode()).expect("readable"));
        BitcodeFile { path: self.bitcode(), digest, form: BitcodeForm::Plain }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Notes what it is shown.
#[derive(Default)]
struct Noting {
    functions: Mutex<Vec<String>>,
    assemblies: Mutex<u32>,
    /// The function that it does not accept.
    refused: Option<&'static str>,
}

impl DecodeHandler for Noting {
    fn decoded(&self, key: Key, function: DecodedFunction<'_>) -> Result<FunctionIdentity, HandlerError> {
        self.functions.lock().unwrap().push(cranefly_bitcode::demangled(function.name()));
        if self.refused.is_some_and(|refused| function.name().contains(refused)) {
            return Err("it is not wanted".into());
        }
        Ok(FunctionIdentity { key, is_llvm: false, is_compiled: function.name().contains("second") })
    }

    fn assemble(&self, _: &[u8], _: &str) -> Result<Option<Vec<u8>>, HandlerError> {
        *self.assemblies.lock().unwrap() += 1;
        Ok(Some(b"object".to_vec()))
    }
}

fn context<'a>(handler: &'a Noting, configuration: &str) -> ReadContext<'a> {
    ReadContext { llvm: llvm(), configuration: configuration.into(), handler }
}

#[test]
fn what_is_known_by_its_contents_is_read_once() {
    let folder = Folder::new("once");
    let (cache, handler) = (UnitCache::default(), Noting::default());
    let [id, other]: [Arc<str>; 2] = ["app:app/0".into(), "app:app/1".into()];
    let load = |id, configuration| cache.load(&folder.file(), id, &context(&handler, configuration)).unwrap();
    let (first, is_read) = load(&id, "a");
    assert!(is_read);
    let shown = handler.functions.lock().unwrap().len();
    assert_eq!((shown, *handler.assemblies.lock().unwrap()), (first.unit.functions.len(), 1));
    // The file may be gone, or be another one by name.
    let file = folder.file();
    std::fs::remove_file(&file.path).unwrap();
    let (again, is_read) = cache.load(&file, &id, &context(&handler, "a")).unwrap();
    assert!(!is_read && Arc::ptr_eq(&first, &again));
    std::fs::write(&file.path, first.bitcode.unpack()).unwrap();
    // Its id and the configuration are part of what it is.
    assert!(load(&other, "a").1 && load(&id, "b").1);
    // So is what is found out later.
    first.set_outdated();
    let (fresh, is_read) = load(&id, "a");
    assert!(is_read && !Arc::ptr_eq(&first, &fresh));
    // What nobody holds is forgotten.
    drop(fresh);
    cache.prune();
    assert!(load(&id, "a").1);
}

#[test]
fn a_unit_knows_what_its_bodies_were() {
    let folder = Folder::new("facts");
    let handler = Noting::default();
    let (unit, _) = UnitCache::default().load(&folder.file(), &"app:app/0".into(), &context(&handler, "")).unwrap();
    let number = |path: &str| {
        let [global] = unit.at_path(path) else { panic!("{path}: {:?}", handler.functions.lock().unwrap()) };
        unit.function(*global).unwrap()
    };
    let shape = |path: &str| unit.shapes()[number(path)];
    assert!(shape("app::blank").is_blank && !shape("app::first").is_blank);
    assert!(shape("app::enters").may_enter_kernel && !shape("app::first").may_enter_kernel);
    assert!(unit.may_enter_kernel());
    assert_eq!(shape("app::waits::{{closure}}").suspensions, Some(1));
    assert_eq!(unit.compiled(), [Key(unit.unit.functions[number("app::second")].key)]);
    assert_eq!(unit.times().len(), unit.unit.functions.len());
    assert_eq!(unit.unit.assembly.as_deref(), Some(&b"object"[..]));
    // Where they are written.
    let file = folder.0.join("lib.rs").display().to_string();
    let place = unit.sources().place(number("app::second"));
    assert_eq!((place.file, place.line, place.end_line), (Some(&*file), 3, 5));
    assert!(unit.sources().declared_in(&file).any(|function| function == number("app::first")));
    assert_eq!(unit.sources().covering(&file, 4).collect::<Vec<_>>(), [number("app::second")]);
}

#[test]
fn a_file_that_rustc_has_not_left_like_that_is_not_read() {
    let folder = Folder::new("damage");
    let handler = Noting::default();
    let load = |file: &BitcodeFile| {
        UnitCache::default().load(file, &"app:app/0".into(), &context(&handler, "")).map(|_| ()).unwrap_err()
    };
    let file = folder.file();
    std::fs::write(&file.path, b"BC").unwrap();
    let error = load(&file);
    assert!(matches!(&error, UnitError::Altered { file: altered } if *altered == file.path), "{error}");
    assert!(error.is_damage());
    let error = load(&folder.file());
    assert!(matches!(error, UnitError::Bitcode(_)) && error.is_damage(), "{error}");
    std::fs::remove_file(&file.path).unwrap();
    let error = load(&file);
    assert!(matches!(error, UnitError::Io { .. }) && error.is_damage(), "{error}");
    assert!(error.to_string().contains(&file.path.display().to_string()), "{error}");
    assert!(handler.functions.lock().unwrap().is_empty());
}

#[test]
fn whoever_is_shown_a_function_may_refuse_the_unit() {
    let folder = Folder::new("refused");
    let handler = Noting { refused: Some("second"), ..Noting::default() };
    let loaded = UnitCache::default().load(&folder.file(), &"app:app/0".into(), &context(&handler, ""));
    let error = loaded.map(|_| ()).unwrap_err();
    let UnitError::Function { function, source, .. } = &error else { panic!("{error}") };
    assert!(function.contains("second") && source.to_string() == "it is not wanted", "{error}");
    // The sources are good: compiling them again would help nobody.
    assert!(!error.is_damage());
}
