//! Which code may ask the kernel for something without a library: assembly.
//!
//! What it asks for is a number that often only the running program knows, as in rustix, whose wrappers take it as an argument. One of
//! the numbers makes it impossible to compile a function when it is first called, so whoever has such assembly may ask for that.

use cranefly_bitcode::ir::{Callee, Function, Op};

/// Instructions that enter the kernel, as assemblers write them in either dialect.
const INSTRUCTIONS: [&str; 4] = ["syscall", "sysenter", "int", "sysret"];

/// Directives that put no bytes of somebody's choice anywhere, bring none from elsewhere, and make no text into another: by any
/// other an instruction may come in without being named. (Those for call frames begin with `.cfi_`.)
const HARMLESS: [&str; 50] = [
    ".text",
    ".data",
    ".bss",
    ".section",
    ".pushsection",
    ".popsection",
    ".previous",
    ".subsection",
    ".globl",
    ".global",
    ".local",
    ".weak",
    ".hidden",
    ".protected",
    ".internal",
    ".type",
    ".size",
    ".ident",
    ".file",
    ".loc",
    ".align",
    ".balign",
    ".p2align",
    ".set",
    ".equ",
    ".equiv",
    ".comm",
    ".lcomm",
    ".symver",
    ".weakref",
    ".intel_syntax",
    ".att_syntax",
    ".code64",
    ".if",
    ".ifdef",
    ".ifndef",
    ".ifb",
    ".ifnb",
    ".ifc",
    ".ifnc",
    ".ifeq",
    ".ifne",
    ".else",
    ".elseif",
    ".endif",
    ".warning",
    ".error",
    ".print",
    ".addrsig",
    ".addrsig_sym",
];
/// They leave room, which is zeros unless a value is given.
const ROOM: [&str; 3] = [".zero", ".skip", ".space"];

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
    let text = text.to_ascii_lowercase();
    let mut words = text.split(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '$')));
    // Behind the end of a comment there may be another statement.
    let mut statements = text.split(['\n', '\r', ';']).flat_map(|line| line.split("*/"));
    words.any(|word| INSTRUCTIONS.contains(&word))
        || statements.any(|statement| !is_harmless(without_labels(statement)))
}

/// A statement without the labels in front of it.
fn without_labels(statement: &str) -> &str {
    let mut rest = statement.trim_start();
    loop {
        let end = match rest.strip_prefix('"') {
            Some(quoted) => quoted.find('"').map_or(rest.len(), |end| end + 2),
            None => word_end(rest),
        };
        match rest[end..].trim_start().strip_prefix(':') {
            Some(behind) => rest = behind.trim_start(),
            None => return rest,
        }
    }
}

/// Whether a statement that is no instruction is one of these directives.
fn is_harmless(statement: &str) -> bool {
    let (word, operands) = statement.split_at(word_end(statement));
    !word.starts_with('.')
        || HARMLESS.contains(&word)
        || word.starts_with(".cfi_") && word != ".cfi_escape"
        || ROOM.contains(&word) && !operands.contains(',')
}

/// Where the word ends that a text begins with, as assemblers tell words apart.
fn word_end(text: &str) -> usize {
    text.find(|char: char| !(char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '$' | '@')))
        .unwrap_or(text.len())
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

    #[test]
    fn only_directives_that_are_known_not_to_hold_an_instruction_do_not() {
        for directive in [
            ".asciz \"\\017\\005\"",
            ".string8 \"\\017\\005\"",
            ".fill 1, 2, 0x050f",
            ".zero 2, 15",
            ".skip 1, 15",
            ".space 2, 5",
            ".dc.w 0x050f",
            ".dcb.w 1, 0x050f",
            ".uleb128 0x28f",
            ".sleb128 0x28f",
            ".INCBIN \"code\"",
            ".macro enter a, b\n\\a\\b\n.endm\nenter sys call",
            ".tomorrows 0x050f",
        ] {
            for text in [
                directive.to_owned(),
                format!("nop; {directive}"),
                format!("1: {directive}"),
                format!("a: .Lb:{directive}"),
                format!("\"a b\": {directive}"),
                format!("/* some */ {directive}"),
                format!("// /*\n\t{directive} # */"),
            ] {
                assert!(may_be_in_assembly(&text), "{text}");
            }
        }
        for text in [
            ".section .init_array,\"aw\"\n.balign 8",
            ".Lhere: nop",
            "lea rax, [rip + .Lhere]",
            ".zero 16",
            "a: .cfi_startproc",
            ".globl a\n.type a,@function\na:\nret\n.size a, .-a",
            "# .byte 5",
            "mov eax, 1 // .byte 5",
            "",
        ] {
            assert!(!may_be_in_assembly(text), "{text}");
        }
    }
}
