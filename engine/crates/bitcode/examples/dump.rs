//! Prints bitcode as this crate decodes it.
//!
//! - `dump file.bc`: the globals, then every function; `dump file.bc name`: the functions whose name contains `name`.
//! - `dump --stats file.bc…`: decodes everything and prints times and what had no decoded form.
//!
//! The toolchain is that of `rustc` on the path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use cranefly_bitcode::display::{FunctionText, ModuleText, unsupported};
use cranefly_bitcode::{Error, Llvm, Reader};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((flag, files)) if flag == "--stats" => sysroot().and_then(|llvm| Ok(stats(&llvm, files)?)),
        Some((file, rest)) => sysroot().and_then(|llvm| Ok(dump(&llvm, Path::new(file), rest.first())?)),
        None => Err("usage: dump <file.bc> [function] | dump --stats <file.bc>…".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn sysroot() -> Result<Llvm, Box<dyn std::error::Error>> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    Ok(Llvm::open(&PathBuf::from(String::from_utf8(output.stdout)?.trim()))?)
}

fn dump(llvm: &Llvm, file: &Path, wanted: Option<&String>) -> Result<(), Error> {
    let reader = Reader::open_file(llvm, file)?;
    let module = reader.module();
    if wanted.is_none() {
        println!("{}", ModuleText(module));
    }
    for id in reader.functions() {
        let name = &module.globals[id.0 as usize].name;
        if wanted.is_none_or(|wanted| name.contains(wanted)) {
            println!("define {name}\n{}", FunctionText { module, function: &reader.function(id)? });
        }
    }
    Ok(())
}

fn stats(llvm: &Llvm, files: &[String]) -> Result<(), Error> {
    let (mut parse, mut decode) = (Duration::ZERO, Duration::ZERO);
    let (mut bytes, mut functions, mut instructions, mut globals, mut symbols) = (0, 0, 0, 0, 0);
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let contents = std::fs::read(file).map_err(|source| Error::Io { file: file.clone(), source })?;
        bytes += contents.len();
        let start = Instant::now();
        let reader = Reader::open(llvm, contents, file)?;
        parse += start.elapsed();
        globals += reader.module().globals.len();
        for (_, what) in &reader.module().unsupported {
            *missing.entry(format!("initializer: {what}")).or_default() += 1;
        }
        for id in reader.functions() {
            let start = Instant::now();
            let function = reader.function(id)?;
            decode += start.elapsed();
            functions += 1;
            symbols += function.symbols.len();
            instructions += function.blocks.iter().map(|block| block.instructions.len()).sum::<usize>();
            for what in unsupported(&function) {
                *missing.entry(what).or_default() += 1;
            }
        }
    }
    println!(
        "{} files, {bytes} bytes, {globals} globals, {functions} functions, {instructions} instructions",
        files.len()
    );
    println!("{symbols} symbol references");
    println!("open {parse:?}, decode {decode:?}, {:?} a function", decode / functions.max(1));
    for (what, count) in missing {
        println!("no decoded form: {count} x {what}");
    }
    Ok(())
}
