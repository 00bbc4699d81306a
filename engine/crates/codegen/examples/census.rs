//! Compiles every function of some bitcode files and reports what has no translation, and the time per function.
//!
//! `cargo run --release -p cranefly-codegen --example census -- <sysroot> <file or folder>… [--verify] [--show name]`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cranefly_bitcode::ir::{GlobalId, GlobalKind};
use cranefly_bitcode::{Llvm, Reader};
use cranefly_codegen::cranelift::{Compiler, Error, Flags};

#[derive(Default)]
struct Census {
    functions: usize,
    instructions: usize,
    compiled: usize,
    bytes: usize,
    relocations: usize,
    translate: Duration,
    compile: Duration,
    /// Construct → count and an example.
    missing: BTreeMap<String, (usize, String)>,
}

fn main() {
    let mut verify = false;
    let mut show = None;
    let mut paths = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--verify" => verify = true,
            "--show" => show = args.next(),
            _ => paths.push(PathBuf::from(arg)),
        }
    }
    let sysroot = paths.remove(0);
    let llvm = Llvm::open(&sysroot).expect("the toolchain's libLLVM");
    let mut files = Vec::new();
    paths.iter().for_each(|path| collect(path, &mut files));
    files.sort();
    let mut compiler = Compiler::new(Flags { verify, ..Flags::default() });
    let mut census = Census::default();
    for file in &files {
        read(&llvm, file, &mut compiler, &mut census, show.as_deref());
    }
    let per = |total: Duration, count: usize| total.as_secs_f64() * 1e6 / count.max(1) as f64;
    println!("{} files, {} functions, {} instructions", files.len(), census.functions, census.instructions);
    println!(
        "compiled {} ({:.3} % missing), {} bytes of code, {} relocations",
        census.compiled,
        100.0 * (census.functions - census.compiled) as f64 / census.functions.max(1) as f64,
        census.bytes,
        census.relocations
    );
    println!(
        "translate {:.1} µs, compile {:.1} µs a function",
        per(census.translate, census.compiled),
        per(census.compile, census.compiled)
    );
    let mut missing: Vec<_> = census.missing.into_iter().collect();
    missing.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    for (what, (count, example)) in missing {
        println!("{count:6}  {what}  (in {example})");
    }
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("readable folder").flatten() {
            collect(&entry.path(), files);
        }
    } else if path.extension().is_some_and(|extension| extension == "bc") {
        files.push(path.to_owned());
    }
}

fn read(llvm: &Llvm, file: &Path, compiler: &mut Compiler, census: &mut Census, show: Option<&str>) {
    let reader = Reader::open_file(llvm, file).expect("valid bitcode");
    for index in 0..reader.module().globals.len() {
        let global = &reader.module().globals[index];
        if !matches!(global.kind, GlobalKind::Function { defined: true }) {
            continue;
        }
        let name = global.name.to_string();
        let function = match reader.function(GlobalId(index as u32)) {
            Ok(function) => function,
            Err(error) => {
                println!("{name}: {error}");
                continue;
            }
        };
        census.functions += 1;
        census.instructions += function.blocks.iter().map(|block| block.instructions.len()).sum::<usize>();
        let result = compiler.compile(&function);
        if show.is_some_and(|wanted| name.contains(wanted)) {
            println!("{name}\n{}", compiler.clif());
        }
        match result {
            Ok(code) => {
                census.compiled += 1;
                census.bytes += code.bytes.len();
                census.relocations += code.relocations.len();
                let timing = compiler.timing();
                census.translate += timing.translate;
                census.compile += timing.compile;
            }
            Err(error) => {
                let what = match error {
                    Error::Unsupported(what) => what.0.into_owned(),
                    Error::Codegen(what) => {
                        format!("CODEGEN {}", what.to_string().chars().take(1500).collect::<String>())
                    }
                };
                census.missing.entry(what).or_insert((0, name)).0 += 1;
            }
        }
    }
}
