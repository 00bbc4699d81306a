//! Compares stack frames: of every function of some bitcode files, Cranelift's next to LLVM's at -O0.
//!
//! `cargo run --release -p cranefly-codegen --example frames -- <sysroot> <file>… [--show name]`

use cranefly_bitcode::{Llvm, Reader, demangled};
use cranefly_codegen::cranelift::{Compiler, Flags};
use cranefly_codegen::llvm::{LlvmCompiler, OptLevel};

/// What the prologue takes off the stack pointer, return address and frame pointer included.
fn frame(code: &[u8]) -> u64 {
    let pushes = code.iter().take(16).filter(|&&byte| (0x50..0x58).contains(&byte)).count() as u64;
    let at = (0..code.len().min(48)).find(|&at| matches!(code[at..], [0x48, 0x81 | 0x83, 0xec, ..]));
    let taken = at.map_or(0, |at| match code[at + 1] {
        0x83 => u64::from(code[at + 3]),
        _ => u64::from(u32::from_le_bytes(code[at + 3..at + 7].try_into().unwrap_or_default())),
    });
    8 + pushes * 8 + taken
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let sysroot = arguments.next().ok_or("a sysroot is missing")?;
    let (mut files, mut show) = (Vec::new(), None);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--show" => show = arguments.next(),
            _ => files.push(argument),
        }
    }
    let llvm = Llvm::open(sysroot.as_ref())?;
    let native = LlvmCompiler::new(&llvm)?;
    let mut compiler = Compiler::new(Flags::default());
    let mut optimizing = Compiler::new(Flags { optimize: true, verify: false });
    let (mut sums, mut larger, mut count) = ([0u64; 3], 0, 0);
    let mut ratios = Vec::new();
    for file in files {
        let bitcode = std::fs::read(&file)?;
        let reader = Reader::open(&llvm, bitcode.clone(), &file)?;
        for id in reader.functions() {
            let body = reader.function(id)?;
            let name = demangled(&reader.module().globals[id.0 as usize].name);
            let Ok(code) = compiler.compile(&body) else { continue };
            if show.as_ref().is_some_and(|part| name.contains(part)) {
                println!("{name}\n{}", compiler.clif());
                std::fs::write("/tmp/frames.bin", &code.bytes[..code.text_len as usize])?;
            }
            let Ok(other) = native.compile(&bitcode, id, &body, OptLevel::None) else { continue };
            let optimized = optimizing.compile(&body)?;
            let frames = [frame(&code.bytes), frame(&optimized.bytes), frame(&other.code.bytes)];
            count += 1;
            larger += u32::from(frames[0] > frames[2]);
            for (sum, frame) in sums.iter_mut().zip(frames) {
                *sum += frame;
            }
            ratios.push((frames[0] as f64 / frames[2] as f64, frames, name));
        }
    }
    ratios.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (ratio, frames, name) in ratios.iter().step_by((ratios.len() / 25).max(1)) {
        println!("{ratio:5.2} {frames:?} {name}");
    }
    println!("{count} functions, {larger} with a larger frame; bytes: ours, optimised, LLVM: {sums:?}");
    Ok(())
}
