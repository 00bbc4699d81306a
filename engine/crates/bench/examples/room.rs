//! Measures what functions need in an image for each unit of their [weight]: code, frames, tables of landing pads, debug info.
//!
//! `cargo run --release -p cranefly-bench --example room -- SYSROOT FILE…`: the mean of all functions, what the least and the most
//! demanding one in a hundred of groups of a hundred need, and the most demanding function.

use cranefly_bitcode::ir::Function;
use cranefly_bitcode::{Llvm, Reader, demangled};
use cranefly_cgu::weight;
use cranefly_codegen::cranelift::{Compiler, Flags};
use cranefly_image::debug_info::{Bases, Detail, FunctionInfo, Unit, contribution};
use cranefly_image::unwind;
use cranefly_machine::MachineCode;

/// What is measured of a function.
const KINDS: [&str; 6] = [".text", ".eh_frame", ".gcc_except_table", ".debug_info", ".debug_line", ".debug_ranges"];
/// Functions of a group.
const GROUP: usize = 100;

type Bytes = [u64; KINDS.len()];

fn tables(code: &MachineCode) -> Result<Bytes, Box<dyn std::error::Error>> {
    let lsda = if code.has_personality { unwind::lsda(&code.call_sites, code.text_len)?.len() } else { 0 };
    let frame = unwind::fde(0, 64, 0, code.text_len, code.has_personality.then_some(0), &code.cfi)?;
    let text = code.bytes.len().next_multiple_of(16);
    Ok([text as u64, frame.len() as u64, lsda.next_multiple_of(4) as u64, 0, 0, 0])
}

fn described(body: &Function, code: &MachineCode, bytes: &mut Bytes) -> Result<(), Box<dyn std::error::Error>> {
    let info = FunctionInfo {
        address: 0x1000,
        length: code.text_len,
        lines: &code.lines,
        locations: &body.locations,
        subprogram: body.subprogram.as_ref(),
    };
    let unit = Unit { name: "unit", directory: "/", detail: Detail::Full, functions: &[info] };
    let added = contribution(&unit, Bases::default())?;
    for (sum, section) in bytes[3..].iter_mut().zip([added.info, added.line, added.ranges]) {
        *sum += section.len() as u64;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let llvm = Llvm::open(arguments.next().ok_or("a sysroot is missing")?.as_ref())?;
    let mut compiler = Compiler::new(Flags::default());
    let mut measured: Vec<(u64, Bytes, String)> = Vec::new();
    for file in arguments {
        let reader = Reader::open(&llvm, std::fs::read(&file)?, &file)?;
        for id in reader.functions() {
            let body = reader.function(id)?;
            let Ok(code) = compiler.compile(&body) else { continue };
            let mut bytes = tables(&code)?;
            described(&body, &code, &mut bytes)?;
            measured.push((weight(&body).into(), bytes, demangled(&reader.module().globals[id.0 as usize].name)));
        }
    }
    let sum = |of: &[(u64, Bytes, String)], kind: usize| -> (u64, u64) {
        of.iter().fold((0, 0), |(weight, bytes), it| (weight + it.0, bytes + it.1[kind]))
    };
    let (weights, _) = sum(&measured, 0);
    println!("{} functions, {:.1} each", measured.len(), weights as f64 / measured.len() as f64);
    for (kind, name) in KINDS.iter().enumerate() {
        let ratio = |(weight, bytes): (u64, u64)| bytes as f64 / weight as f64;
        let mut groups: Vec<f64> = measured.chunks_exact(GROUP).map(|group| ratio(sum(group, kind))).collect();
        groups.sort_by(f64::total_cmp);
        let at = |part: usize| groups.get(groups.len() * part / 100).copied().unwrap_or_default();
        let mean = ratio(sum(&measured, kind));
        let most = measured.iter().max_by(|a, b| ratio((a.0, a.1[kind])).total_cmp(&ratio((b.0, b.1[kind]))));
        let (worst, function) = most.map_or((0.0, ""), |it| (ratio((it.0, it.1[kind])), &it.2));
        println!("{name:18} {mean:6.2}  {:6.2} … {:6.2}  at most {worst:.1}, {function:.60}", at(1), at(99));
    }
    Ok(())
}
