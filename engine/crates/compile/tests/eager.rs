//! Who compiles a function, when, and what is said of one that nobody can compile.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use cranefly_bitcode::Llvm;
use cranefly_cache::{Compiled, Key, Store};
use cranefly_cgu::{BitcodeFile, BitcodeForm, DecodedFunction, Digest, LoadedUnit, UnitCache, UnitError};
use cranefly_codegen::cranelift::{CodegenError, Error};
use cranefly_codegen::machine::{MachineCode, PackedCode};
use cranefly_compile::{
    CodeGenerator, CodeOptions, CompileContext, Cranelift, EagerCompiler, Failure, LlvmError, LlvmTier, compile_all,
};

const SOURCE: &str = r"
pub fn first(n: u32) -> u32 { !n }
pub fn second(n: u32) -> u32 { n ^ 2 }
pub fn third(n: u32) -> u32 { n ^ 3 }
pub fn refused(n: u32) -> u32 { n ^ 4 }
";

fn sysroot() -> &'static Path {
    static SYSROOT: OnceLock<PathBuf> = OnceLock::new();
    SYSROOT.get_or_init(|| {
        let output = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc runs");
        String::from_utf8(output.stdout).expect("UTF-8").trim().into()
    })
}

/// Counts. Gives other code from one time to the next if it is to.
#[derive(Debug, Default)]
struct Counting {
    compiled: Arc<AtomicUsize>,
    is_fickle: bool,
}

impl CodeGenerator for Counting {
    fn takes(&self, function: DecodedFunction, options: &CodeOptions) -> Result<(), Error> {
        Cranelift.takes(function, options)
    }

    fn compile(&self, function: DecodedFunction, options: &CodeOptions) -> Result<Compiled, Error> {
        let number = self.compiled.fetch_add(1, Ordering::Relaxed);
        if function.name().contains("refused") {
            return Err(CodegenError::Compilation { listing: "code too large".to_owned() }.into());
        }
        let compiled = Cranelift.compile(function, options)?;
        let bytes = if self.is_fickle { number.to_le_bytes().to_vec() } else { compiled.code.bytes().to_vec() };
        let code = PackedCode::of(&MachineCode { bytes, ..compiled.code.unpack() });
        Ok(Compiled { code: Arc::new(code), ..compiled })
    }
}

struct Fixture {
    folder: PathBuf,
    context: CompileContext,
    compiled: Arc<AtomicUsize>,
    options: CodeOptions,
}

impl Fixture {
    fn new(name: &str, paranoid: bool, is_fickle: bool) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("compile-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("lib.rs"), SOURCE).expect("writable");
        let status = Command::new("rustc")
            .args(["lib.rs", "--crate-name=app", "--crate-type=lib", "--edition=2024"])
            .args(["--emit=llvm-bc", "-Ccodegen-units=1", "-Cno-prepopulate-passes", "-Cdebuginfo=1"])
            .current_dir(&folder)
            .status()
            .expect("rustc runs");
        assert!(status.success());
        let llvm = Llvm::open(sysroot()).expect("libLLVM opens");
        let compiled = Arc::new(AtomicUsize::new(0));
        let context = CompileContext {
            // Its workers end at once.
            llvm_tier: LlvmTier::new(&llvm, sysroot(), Path::new("/bin/false")),
            generator: Box::new(Counting { compiled: compiled.clone(), is_fickle }),
            llvm,
            store: Store::new(1 << 20),
            paranoid,
        };
        Self { folder, context, compiled, options: CodeOptions { opt_level: "0".to_owned() } }
    }

    /// Reads the unit anew; compiles so many functions meanwhile.
    fn read(&self, budget: usize) -> Result<Arc<LoadedUnit>, UnitError> {
        let path = self.folder.join("app.bc");
        let digest = Digest::of(&std::fs::read(&path).expect("readable"));
        let eager = EagerCompiler::new(&self.context, &self.options, budget);
        let file = BitcodeFile { path, digest, form: BitcodeForm::Plain };
        Ok(UnitCache::default().load(&file, &"app:app/0".into(), &eager.read_context())?.0)
    }

    fn compiled(&self) -> usize {
        self.compiled.load(Ordering::Relaxed)
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[track_caller]
fn number(unit: &LoadedUnit, path: &str) -> usize {
    let [global] = unit.at_path(path) else { panic!("{path}") };
    unit.function(*global).expect("a function")
}

#[test]
fn as_many_functions_are_compiled_as_the_budget_allows_and_none_twice() {
    let fixture = Fixture::new("budget", false, false);
    let unit = fixture.read(2).unwrap();
    assert_eq!((unit.compiled().len(), fixture.compiled()), (2, 2));
    // The store has these.
    let unit = fixture.read(1).unwrap();
    assert_eq!((unit.compiled().len(), fixture.compiled()), (1, 3));
    let first = number(&unit, "app::first");
    let made = compile_all(&fixture.context, &[(unit.clone(), vec![first])], &fixture.options).unwrap();
    let key = Key(unit.unit.functions[first].key);
    assert!(made.own.is_empty() && made.shared.contains_key(&key));
    assert!(fixture.context.store.get(key).is_some());
}

#[test]
fn a_function_that_nobody_can_compile_says_why() {
    let fixture = Fixture::new("nobody", false, false);
    let unit = fixture.read(0).unwrap();
    let refused = number(&unit, "app::refused");
    assert!(!unit.is_outdated());
    let wanted = [(unit.clone(), vec![number(&unit, "app::first"), refused])];
    let error = compile_all(&fixture.context, &wanted, &fixture.options).map(|_| ()).unwrap_err();
    assert!(error.symbol.contains("refused"), "{error}");
    let Failure::Llvm { construct, source: LlvmError::Worker(_) } = &error.reason else { panic!("{error:?}") };
    assert_eq!(&**construct, "Cranelift: code too large");
    assert!(error.to_string().starts_with("cannot compile `app::refused`: Cranelift does not compile it"), "{error}");
    // It is LLVM's from now on, which its key did not say.
    assert!(unit.is_outdated());
    let unit = fixture.read(0).unwrap();
    assert!(unit.unit.functions[number(&unit, "app::refused")].is_llvm);
    assert!(!unit.unit.functions[number(&unit, "app::first")].is_llvm);
}

#[test]
fn other_code_under_the_same_key_is_found_by_who_looks() {
    let careless = Fixture::new("careless", false, true);
    careless.read(3).unwrap();
    assert!(careless.read(3).is_ok());
    let paranoid = Fixture::new("paranoid", true, true);
    paranoid.read(3).unwrap();
    let error = paranoid.read(3).map(|_| ()).unwrap_err();
    let UnitError::Function { source, .. } = &error else { panic!("{error:?}") };
    assert!(matches!(source.downcast_ref(), Some(Failure::OtherCode)), "{error}");
}
