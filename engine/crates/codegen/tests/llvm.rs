//! The LLVM fallback on real bitcode: what it makes is checked, and leaf functions are run.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use cranefly_bitcode::ir::{GlobalId, SymbolKind};
use cranefly_bitcode::{Llvm, Reader};
use cranefly_codegen::llvm::{Compiled, Error, LlvmCompiler, OptLevel};
use cranefly_codegen::machine::{Action, RelocationKind, Target, Tier};
use object::{Object, ObjectSymbol};

const SOURCE: &str = r#"
#[unsafe(no_mangle)]
pub extern "C" fn assembly(x: u64) -> u64 {
    let y: u64;
    unsafe { std::arch::asm!("lea {}, [{} + 5]", out(reg) y, in(reg) x) };
    y
}

#[unsafe(no_mangle)]
pub extern "C" fn broken_assembly() {
    unsafe { std::arch::asm!("cranefly_is_no_instruction rax") };
}

#[unsafe(no_mangle)]
pub extern "C" fn assembly_with_section() {
    unsafe { std::arch::asm!(".pushsection .cranefly_extra, \"a\"", ".quad 1", ".popsection") };
}

#[unsafe(no_mangle)]
#[allow(named_asm_labels)]
pub extern "C" fn assembly_with_symbol() {
    unsafe { std::arch::asm!(".globl cranefly_inner", "cranefly_inner:", "nop") };
}

use std::arch::x86_64::*;
#[unsafe(no_mangle)]
#[target_feature(enable = "avx2")]
pub fn lanes(a: __m256i, b: __m256i) -> __m256i {
    _mm256_add_epi32(a, b)
}

pub struct Noisy(u32);
impl Drop for Noisy {
    #[inline(never)]
    fn drop(&mut self) { std::hint::black_box(self.0); }
}

#[inline(never)]
pub fn may_panic(x: u32) -> u32 { assert!(x != 0); x }

#[unsafe(no_mangle)]
pub fn unwinding(x: u32) -> u32 {
    let _noisy = Noisy(x);
    may_panic(x)
}

thread_local! { static LOCAL: std::cell::Cell<u32> = const { std::cell::Cell::new(9) }; }

#[unsafe(no_mangle)]
pub fn thread_local_user() -> u32 { LOCAL.with(|cell| cell.get()) }

#[unsafe(no_mangle)]
pub extern "C" fn switching(x: u32) -> u32 {
    match x { 0 => 10, 1 => 25, 2 => 3, 3 => 77, 4 => 1, 5 => 8, 6 => 1234, 7 => 99, _ => 0 }
}

#[unsafe(no_mangle)]
pub extern "C" fn scaled(x: f64) -> f64 { x * 2.5 + 0.125 }

#[unsafe(no_mangle)]
pub fn divided(a: i128, b: i128) -> i128 { a.wrapping_div(b) }

#[unsafe(no_mangle)]
pub fn text() -> &'static str { "hello from a constant" }

#[unsafe(no_mangle)]
pub fn fences() { unsafe { _mm_lfence(); _mm_sfence(); _mm_mfence() } }

#[repr(C, align(16))]
#[derive(Clone, Copy)]
pub struct Aligned([u8; 32]);
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Anywhere([u8; 32]);

#[unsafe(no_mangle)]
pub fn copy_aligned(to: &mut Aligned, from: Aligned) {
    unsafe { std::arch::asm!("nop") };
    *to = from;
}

#[unsafe(no_mangle)]
pub fn copy_anywhere(to: &mut Anywhere, from: Anywhere) {
    unsafe { std::arch::asm!("nop") };
    *to = from;
}

pub mod elsewhere {
    #[unsafe(no_mangle)]
    pub fn copy_elsewhere(to: &mut super::Aligned, from: super::Aligned) {
        unsafe { std::arch::asm!("nop") };
        *to = from;
    }
}

#[unsafe(no_mangle)]
pub fn recursive(x: u32) -> u32 { if x < 2 { 1 } else { recursive(x - 1).wrapping_mul(x) } }

std::arch::global_asm!(".globl cranefly_marker", "cranefly_marker:", "mov eax, 42", "ret");
"#;

struct Unit {
    bitcode: Vec<u8>,
    reader: Reader,
}

fn llvm() -> &'static Llvm {
    static LLVM: OnceLock<Llvm> = OnceLock::new();
    LLVM.get_or_init(|| {
        let output = Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc runs");
        Llvm::open(Path::new(String::from_utf8(output.stdout).expect("UTF-8").trim())).expect("libLLVM opens")
    })
}

/// Bitcode of all units; a `bin` crate, so that thread-locals are what an executable's are.
fn bitcode() -> &'static [Vec<u8>] {
    static FILES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("llvm-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("folder");
        let source = folder.join("sample.rs");
        let main =
            "fn main() { std::hint::black_box((lanes as *const u8, unwinding as *const u8, text as *const u8)); }";
        std::fs::write(&source, format!("{SOURCE}{main}")).expect("writable");
        let status = Command::new("rustc")
            .args(["--edition", "2024", "--crate-type", "bin", "--emit=llvm-bc", "-Ccodegen-units=256"])
            .args(["-Cno-prepopulate-passes", "-Cdebuginfo=line-tables-only", "-Clink-dead-code"])
            .arg(format!("-Cincremental={}", folder.join("incremental").display()))
            .arg("--out-dir")
            .arg(&folder)
            .arg(&source)
            .status()
            .expect("rustc runs");
        assert!(status.success());
        let files = std::fs::read_dir(&folder).expect("folder").filter_map(|entry| Some(entry.ok()?.path()));
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "bc"));
        files.map(|path| std::fs::read(path).expect("readable")).collect()
    })
}

fn units() -> impl Iterator<Item = Unit> {
    bitcode().iter().map(|bitcode| Unit {
        bitcode: bitcode.clone(),
        reader: Reader::open(llvm(), bitcode.clone(), "sample").expect("opens"),
    })
}

/// Compiles the function of this (unmangled) name.
fn try_compile(name: &str) -> Result<(Unit, Compiled), Error> {
    let compiler = LlvmCompiler::new(llvm()).expect("LLVM has a code generator");
    for unit in units() {
        let found = unit.reader.functions().find(|id| &*unit.reader.module().globals[id.0 as usize].name == name);
        if let Some(id) = found {
            let body = unit.reader.function(id).expect("decodes");
            let compiled = compiler.compile(&unit.bitcode, id, &body, OptLevel::None)?;
            check(&compiled, name);
            return Ok((unit, compiled));
        }
    }
    panic!("nobody defines {name}");
}

fn compile(name: &str) -> (Unit, Compiled) {
    try_compile(name).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// What must hold for any code.
fn check(compiled: &Compiled, name: &str) {
    let code = &compiled.code;
    assert_eq!(code.tier, Tier::Llvm);
    assert!(code.text_len > 0 && code.text_len as usize <= code.bytes.len(), "{name}");
    assert!(code.align.is_power_of_two());
    assert!(!code.cfi.is_empty());
    assert!(code.relocations.is_sorted_by_key(|relocation| relocation.offset));
    for relocation in &code.relocations {
        if let Target::Symbol(index) = relocation.target {
            assert!((index as usize) < compiled.symbols.len(), "{name}");
        }
    }
    for site in &code.call_sites {
        assert!(site.start < site.end && site.end <= code.text_len && site.landing_pad < code.text_len);
    }
    assert!(code.lines.is_sorted_by_key(|row| row.0));
}

fn symbol_names(unit: &Unit, compiled: &Compiled) -> Vec<String> {
    let name = |id: GlobalId| unit.reader.module().globals[id.0 as usize].name.to_string();
    compiled.symbols.iter().map(|symbol| name(symbol.global)).collect()
}

/// Copies code without relocations into an executable page.
fn load(compiled: &Compiled) -> memmap2::Mmap {
    assert_eq!(compiled.code.relocations, [], "a leaf function");
    let mut map = memmap2::MmapMut::map_anon(compiled.code.bytes.len()).expect("memory");
    map.copy_from_slice(&compiled.code.bytes);
    map.make_exec().expect("executable memory")
}

#[test]
fn inline_assembly_runs() {
    let (_, compiled) = compile("assembly");
    let code = load(&compiled);
    // SAFETY: the page holds `extern "C" fn assembly(u64) -> u64`.
    let function: extern "C" fn(u64) -> u64 = unsafe { std::mem::transmute(code.as_ptr()) };
    assert_eq!(function(37), 42);
    assert!(!compiled.code.has_personality && compiled.code.call_sites.is_empty());
}

#[test]
fn rejected_assembly_is_an_error() {
    let error = try_compile("broken_assembly").map(|_| ()).expect_err("no such instruction");
    assert!(matches!(&error, Error::Rejected { .. }), "{error}");
    assert!(
        error.to_string().contains("cranefly_is_no_instruction") || error.to_string().contains("mnemonic"),
        "{error}"
    );
}

#[test]
fn assembly_that_leaves_its_function_is_an_error() {
    for (name, what) in [("assembly_with_section", ".cranefly_extra"), ("assembly_with_symbol", "cranefly_inner")] {
        let error = try_compile(name).map(|_| ()).expect_err("not representable");
        assert!(matches!(&error, Error::Unsupported { .. }) && error.to_string().contains(what), "{error}");
    }
}

#[test]
fn jump_tables_run() {
    let (_, compiled) = compile("switching");
    let code = load(&compiled);
    assert!(compiled.code.bytes.len() > compiled.code.text_len as usize, "a jump table follows the code");
    // SAFETY: the page holds `extern "C" fn switching(u32) -> u32`.
    let function: extern "C" fn(u32) -> u32 = unsafe { std::mem::transmute(code.as_ptr()) };
    let results: Vec<u32> = (0..9).map(|x| function(x)).collect();
    assert_eq!(results, [10, 25, 3, 77, 1, 8, 1234, 99, 0]);
}

#[test]
fn constant_pools_run() {
    let (_, compiled) = compile("scaled");
    let code = load(&compiled);
    // SAFETY: the page holds `extern "C" fn scaled(f64) -> f64`.
    let function: extern "C" fn(f64) -> f64 = unsafe { std::mem::transmute(code.as_ptr()) };
    assert_eq!(function(3.0).to_bits(), 7.625f64.to_bits());
}

#[test]
fn wide_vectors_use_the_functions_features() {
    let (_, compiled) = compile("lanes");
    // A 256-bit operation has a VEX prefix with the length bit set.
    let vex = |window: &[u8]| window[0] == 0xc5 && window[1] & 0x04 != 0;
    assert!(compiled.code.bytes.windows(2).any(vex), "{:x?}", compiled.code.bytes);
}

#[test]
fn landing_pads() {
    let (unit, compiled) = compile("unwinding");
    let code = &compiled.code;
    assert!(code.has_personality);
    let cleanup = code.call_sites.iter().find(|site| site.landing_pad != 0).expect("a landing pad");
    assert_eq!(cleanup.action, Action::Cleanup);
    let names = symbol_names(&unit, &compiled);
    let called = code.relocations.iter().find_map(|relocation| match (&relocation.target, relocation.kind) {
        (Target::Symbol(index), RelocationKind::Call32 | RelocationKind::GotPcRel32 { .. })
            if names[*index as usize].contains("may_panic") =>
        {
            Some(relocation.offset)
        }
        _ => None,
    });
    let called = called.expect("calls may_panic");
    assert!(cleanup.start < called && called + 4 <= cleanup.end, "the call is covered");
    assert!(
        code.relocations.iter().any(|relocation| relocation.target == Target::Runtime("_Unwind_Resume".to_owned()))
    );
    // Drop glue lets nothing pass.
    let caught = units().any(|unit| {
        let compiler = LlvmCompiler::new(llvm()).expect("code generator");
        unit.reader.functions().any(|id| {
            let body = unit.reader.function(id).expect("decodes");
            let compiled = compiler.compile(&unit.bitcode, id, &body, OptLevel::None);
            compiled.is_ok_and(|compiled| {
                compiled.code.call_sites.iter().any(|site| matches!(site.action, Action::Filter | Action::Catch))
            })
        })
    });
    assert!(caught, "some landing pad catches or filters");
}

#[test]
fn thread_locals_are_initial_exec() {
    let mut found = 0;
    let compiler = LlvmCompiler::new(llvm()).expect("code generator");
    for unit in units() {
        for id in unit.reader.functions() {
            let body = unit.reader.function(id).expect("decodes");
            if !body.symbols.iter().any(|symbol| symbol.kind == SymbolKind::ThreadLocal) {
                continue;
            }
            let compiled = compiler.compile(&unit.bitcode, id, &body, OptLevel::None).expect("compiles");
            let thread_local = |target: &Target| match target {
                Target::Symbol(index) => compiled.symbols[*index as usize].kind == SymbolKind::ThreadLocal,
                _ => false,
            };
            for relocation in compiled.code.relocations.iter().filter(|relocation| thread_local(&relocation.target)) {
                assert_eq!(relocation.kind, RelocationKind::GotTpOff);
                found += 1;
            }
        }
    }
    assert!(found > 0);
}

#[test]
fn run_time_support_by_name() {
    let wrapping = units().any(|unit| {
        let compiler = LlvmCompiler::new(llvm()).expect("code generator");
        unit.reader.functions().any(|id| {
            let body = unit.reader.function(id).expect("decodes");
            let compiled = compiler.compile(&unit.bitcode, id, &body, OptLevel::None);
            compiled.is_ok_and(|compiled| {
                let divide = Target::Runtime("__divti3".to_owned());
                compiled.code.relocations.iter().any(|relocation| relocation.target == divide)
            })
        })
    });
    assert!(wrapping, "the division of `divided` is a call");
}

#[test]
fn symbols_map_back() {
    let (unit, compiled) = compile("recursive");
    let names = symbol_names(&unit, &compiled);
    let own = compiled.code.relocations.iter().find(|relocation| match &relocation.target {
        Target::Symbol(index) => names[*index as usize] == "recursive",
        _ => false,
    });
    assert!(matches!(own.expect("calls itself").kind, RelocationKind::Call32 | RelocationKind::GotPcRel32 { .. }));
}

#[test]
fn line_rows_name_locations() {
    let (unit, compiled) = compile("recursive");
    let id = unit.reader.functions().find(|id| &*unit.reader.module().globals[id.0 as usize].name == "recursive");
    let body = unit.reader.function(id.expect("defined")).expect("decodes");
    let rows: Vec<u32> = compiled.code.lines.iter().map(|row| row.1).filter(|&location| location != u32::MAX).collect();
    assert!(!rows.is_empty());
    assert!(rows.iter().all(|&location| (location as usize) < body.locations.len()), "{rows:?}");
    let mut distinct = rows.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert!(distinct.len() > 2, "{rows:?}");
}

#[test]
fn module_assembly() {
    let compiler = LlvmCompiler::new(llvm()).expect("code generator");
    let mut objects = Vec::new();
    for unit in units() {
        objects.extend(compiler.assemble(&unit.bitcode, "sample").expect("assembles"));
    }
    let defined = |object: &Vec<u8>| {
        let file = object::File::parse(&**object).expect("an object");
        let names: Vec<String> = file
            .symbols()
            .filter(|symbol| symbol.is_definition() && symbol.is_global())
            .map(|symbol| symbol.name().expect("a name").to_owned())
            .collect();
        names
    };
    assert_eq!(objects.iter().flat_map(defined).collect::<Vec<_>>(), ["cranefly_marker"]);
}

/// Text of the isolated function of this name, and the hash of its decoded form.
fn isolated(name: &str) -> (String, u64) {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let compiler = LlvmCompiler::new(llvm()).expect("code generator");
    for unit in units() {
        let found = unit.reader.functions().find(|id| &*unit.reader.module().globals[id.0 as usize].name == name);
        let Some(id) = found else { continue };
        let body = unit.reader.function(id).expect("decodes");
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        return (compiler.isolate(&unit.bitcode, id, &body).expect("isolates").text, hasher.finish());
    }
    panic!("nobody defines {name}");
}

#[test]
fn an_isolated_function_says_what_only_llvm_reads_and_nothing_of_its_unit() {
    let (aligned, anywhere) = (isolated("copy_aligned"), isolated("copy_anywhere"));
    assert_eq!(aligned.1, anywhere.1, "the decoded form does not tell them apart");
    assert_ne!(aligned.0, anywhere.0, "but LLVM may: {}", aligned.0);
    assert_eq!(aligned, isolated("copy_elsewhere"), "another unit, other lines");
}

#[test]
fn fences_are_what_they_are_called() {
    let mut compiler = cranefly_codegen::cranelift::Compiler::new(cranefly_codegen::cranelift::Flags::default());
    let native = LlvmCompiler::new(llvm()).expect("code generator");
    let mut seen = Vec::new();
    for unit in units() {
        for id in unit.reader.functions() {
            let name = &unit.reader.module().globals[id.0 as usize].name;
            // `mfence` orders all that `sfence` does.
            let fences: [(_, &[u8]); 3] =
                [("_mm_lfence", &[0xe8]), ("_mm_mfence", &[0xf0]), ("_mm_sfence", &[0xf8, 0xf0])];
            let Some((fence, allowed)) = fences.into_iter().find(|(fence, _)| name.contains(fence)) else { continue };
            let body = unit.reader.function(id).expect("decodes");
            let code = compiler
                .compile(&body)
                .or_else(|_| native.compile(&unit.bitcode, id, &body, OptLevel::None).map(|compiled| compiled.code));
            let code = code.expect("one of the two compiles it");
            let is_there = code.bytes.windows(3).any(|bytes| bytes[..2] == [0x0f, 0xae] && allowed.contains(&bytes[2]));
            assert!(is_there, "{fence}: {:x?}", code.bytes);
            seen.push(fence);
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, ["_mm_lfence", "_mm_mfence", "_mm_sfence"]);
}

/// Every function that the real rustc makes of a real program must get through.
#[test]
fn everything_compiles() {
    let compiler = LlvmCompiler::new(llvm()).expect("code generator");
    let mut count = 0;
    for unit in units() {
        for id in unit.reader.functions() {
            let name = unit.reader.module().globals[id.0 as usize].name.clone();
            let body = unit.reader.function(id).expect("decodes");
            match compiler.compile(&unit.bitcode, id, &body, OptLevel::None) {
                Ok(compiled) => check(&compiled, &name),
                Err(Error::Rejected { .. }) if &*name == "broken_assembly" => {}
                Err(Error::Unsupported { .. }) if name.starts_with("assembly_with_") => {}
                Err(error) => panic!("{name}: {error}"),
            }
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}
