//! Which code may ask the kernel for something without a library: assembly.
//!
//! What it asks for is a number that often only the running program knows, as in rustix, whose wrappers take it as an argument. One of
//! the numbers makes first calls impossible (see [`crate::generation`]), so whoever has such assembly may ask for that.

use cranefly_bitcode::ir::{Callee, Function, Op};

/// Instructions that enter the kernel, as assemblers write them in either dialect.
const INSTRUCTIONS: [&str; 4] = ["syscall", "sysenter", "int", "sysret"];
/// Directives by which an instruction may be written as numbers, or come from elsewhere.
const DIRECTIVES: [&str; 16] = [
    ".byte", ".2byte", ".4byte", ".8byte", ".word", ".hword", ".short", ".value", ".long", ".int", ".quad", ".octa",
    ".ascii", ".string", ".incbin", ".include",
];

/// Whether a function may, by itself.
pub fn may_be_in(body: &Function) -> bool {
    body.blocks.iter().flat_map(|block| &block.instructions).any(|instruction| match &instruction.op {
        Op::Call { callee: Callee::Assembly { template, .. }, .. } => may_be_in_assembly(template),
        _ => false,
    })
}

/// Whether assembly may. A word of its comments or the name of a symbol may be taken for an instruction, which costs time, not
/// a program.
pub fn may_be_in_assembly(text: &str) -> bool {
    let words = text.split(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '$')));
    words.filter(|word| !word.is_empty()).any(|word| {
        let word = word.to_ascii_lowercase();
        INSTRUCTIONS.contains(&&*word) || DIRECTIVES.contains(&&*word)
    })
}

#[cfg(test)]
mod tests {
    use super::may_be_in_assembly;

    #[test]
    fn assembly_that_enters_the_kernel_is_known_in_either_dialect() {
        for text in ["syscall", "mov eax, 60\n\tsyscall", "movl $$1, %eax; int $$0x80", "SYSENTER", ".byte 0x0f, 0x05"]
        {
            assert!(may_be_in_assembly(text), "{text}");
        }
        for text in ["", "nop", "mov $0, 5", "cpuid", "int3", "call my_syscall", ".pushsection list, \"aw\""] {
            assert!(!may_be_in_assembly(text), "{text}");
        }
    }
}
