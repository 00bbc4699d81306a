//! Compiles every function of bitcode files with the LLVM fallback and prints counts, times and failures:
//! `fallback file.bc…`. The toolchain is that of `rustc` on the path.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use cranefly_bitcode::{Llvm, Reader};
use cranefly_codegen::llvm::{LlvmCompiler, OptLevel};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output()?;
    let llvm = Llvm::open(Path::new(String::from_utf8(output.stdout)?.trim()))?;
    let compiler = LlvmCompiler::new(&llvm)?;
    let (mut functions, mut bytes, mut time) = (0u32, 0, Duration::ZERO);
    let (mut lines, mut call_sites, mut relocations) = (0, 0, 0);
    let mut failures: BTreeMap<String, u32> = BTreeMap::new();
    for file in std::env::args().skip(1) {
        let bitcode = std::fs::read(&file)?;
        let reader = Reader::open(&llvm, bitcode.clone(), &file)?;
        for id in reader.functions() {
            let body = reader.function(id)?;
            let start = Instant::now();
            let compiled = compiler.compile(&bitcode, id, &body, OptLevel::None);
            time += start.elapsed();
            functions += 1;
            match compiled {
                Ok(compiled) => {
                    bytes += compiled.code.bytes.len();
                    lines += compiled.code.lines.len();
                    call_sites += compiled.code.call_sites.len();
                    relocations += compiled.code.relocations.len();
                }
                Err(error) => *failures.entry(error.to_string()).or_default() += 1,
            }
        }
        if let Some(object) = compiler.assemble(&bitcode, &file)? {
            println!("{file}: {} bytes of module assembly", object.len());
        }
    }
    println!(
        "{functions} functions, {bytes} bytes, {lines} line rows, {call_sites} call sites, {relocations} relocations"
    );
    println!("{:?} a function", time / functions.max(1));
    for (failure, count) in failures {
        println!("{count} x {failure}");
    }
    Ok(())
}
