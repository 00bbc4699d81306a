//! Machine code, disassembled.

use cranefly_bitcode::demangled;
use cranefly_machine::{MachineCode, PackedCode, RelocationKind, Target};
use iced_x86::{
    Formatter, FormatterOutput, FormatterTextKind, Instruction, IntelFormatter, OpKind, SymbolResolver, SymbolResult,
};

use crate::listing::{self, Item};
use crate::subject::Subject;
use crate::text::{Span, Text};

/// Column at which operands begin, as far as mnemonics are shorter.
const OPERANDS: u32 = 8;
/// Bytes of constants on a line.
const ROW: usize = 16;
/// Distance from the operand of the psABI's general-dynamic `lea` to that of the `add` that it was relaxed to.
const TLS_OPERAND: u32 = 8;

/// A function's code at its place in an image.
#[derive(Clone, Debug)]
pub struct Code {
    /// Virtual address of the first byte.
    pub address: u64,
    /// The bytes there, bound.
    pub bytes: Vec<u8>,
    /// What they were made of.
    pub unbound: std::sync::Arc<PackedCode>,
}

/// Instructions of `code` in Intel's syntax, each with its offset in the function; what lies outside of the function by name.
pub fn asm(subject: Subject, code: &Code) -> Text {
    let mut text = Text::titled(";", subject.symbol());
    let unbound = code.unbound.unpack();
    let length = (unbound.text_len as usize).min(code.bytes.len());
    let listing = listing::listing(&code.bytes[..length], &unbound);
    let mut formatter = formatter(Resolver { names: outside(subject, &unbound), length: length as u64 });
    for item in listing.items {
        let instruction = match item {
            Item::Instruction(instruction) => instruction,
            Item::Entry(at, target) => {
                text.push(&format!("{at:#06x}  .long   {target:#06x}"), location(subject, &unbound, at), &[]);
                continue;
            }
        };
        let offset = instruction.ip();
        let mut line = Line { text: format!("{offset:#06x}  "), symbol: None };
        formatter.format(&instruction, &mut line);
        let span: Option<Span> = line.symbol.and_then(|(start, length)| {
            let target = target(subject, &unbound, offset, instruction.next_ip())?;
            Some((start, length, target))
        });
        if let Some(pad) = landing_pad(&unbound, &instruction) {
            line.text.push_str(&format!(" ; unwinds to {pad:#06x}"));
        }
        text.push(&line.text, location(subject, &unbound, offset), span.as_slice());
    }
    let starts = listing.constants.into_iter().map(|start| start as usize).chain([length, code.bytes.len()]);
    let mut at = listing.end;
    for next in starts.filter(|start| *start > listing.end) {
        data(&mut text, &code.bytes, at..next);
        at = next;
    }
    text.finish(";")
}

/// Constants, a few on a line.
fn data(text: &mut Text, bytes: &[u8], range: std::ops::Range<usize>) {
    for start in range.clone().step_by(ROW) {
        let row = &bytes[start..range.end.min(start + ROW)];
        let hex: Vec<String> = row.iter().map(|byte| format!("{byte:#04x}")).collect();
        text.push(&format!("{start:#06x}  .byte   {}", hex.join(", ")), None, &[]);
    }
}

fn formatter(resolver: Resolver) -> IntelFormatter {
    let mut formatter = IntelFormatter::with_options(Some(Box::new(resolver)), None);
    let options = formatter.options_mut();
    options.set_first_operand_char_index(OPERANDS);
    options.set_space_after_operand_separator(true);
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_uppercase_hex(false);
    options.set_branch_leading_zeros(false);
    options.set_show_branch_size(false);
    formatter
}

/// Where unwinding out of a call goes on in this function.
fn landing_pad(code: &MachineCode, instruction: &Instruction) -> Option<u32> {
    let call = matches!(instruction.code(), iced_x86::Code::Call_rel32_64 | iced_x86::Code::Call_rm64);
    // Ranges end behind the call that they are about.
    let end = instruction.next_ip();
    let site = code.call_sites.iter().find(|site| u64::from(site.start) < end && end <= u64::from(site.end))?;
    (call && site.landing_pad != 0).then_some(site.landing_pad)
}

/// Source position of the code at `offset`.
fn location<'a>(subject: Subject<'a>, code: &MachineCode, offset: u64) -> Option<&'a cranefly_bitcode::ir::Location> {
    let next = code.lines.partition_point(|&(start, _)| u64::from(start) <= offset);
    let (_, location) = code.lines.get(next.checked_sub(1)?)?;
    subject.locations.get(*location as usize)
}

/// Where the operand lies that a relocation was bound at.
fn operand(relocation: &cranefly_machine::Relocation) -> u32 {
    relocation.offset + if relocation.kind == RelocationKind::TlsGd { TLS_OPERAND } else { 0 }
}

/// Linker name of what the instruction at `start..end` refers to.
fn target<'a>(subject: Subject<'a>, code: &'a MachineCode, start: u64, end: u64) -> Option<&'a str> {
    let inside = |at: u32| (start..end).contains(&u64::from(at));
    let relocation = code.relocations.iter().find(|relocation| inside(operand(relocation)))?;
    subject.name(&relocation.target)
}

/// What to print for references to the outside, by the offset of the operand.
fn outside(subject: Subject, code: &MachineCode) -> Vec<(u64, String)> {
    let mut names: Vec<(u64, String)> = code
        .relocations
        .iter()
        .filter(|relocation| !matches!(relocation.target, Target::Local(_)))
        .map(|relocation| {
            let symbol = subject.name(&relocation.target).unwrap_or("?");
            let mut name = demangled(symbol);
            if matches!(relocation.kind, RelocationKind::TlsGd | RelocationKind::GotTpOff) {
                name.push_str("@tpoff");
            }
            // PC-relative displacements count from the end of the instruction, four bytes on.
            match relocation.addend + 4 {
                0 => {}
                addend => name.push_str(&format!("{addend:+#x}")),
            }
            (operand(relocation).into(), name)
        })
        .collect();
    names.sort_unstable();
    names
}

/// Names for addresses in operands.
struct Resolver {
    /// By offset of the operand.
    names: Vec<(u64, String)>,
    /// Bytes of the function's instructions.
    length: u64,
}

impl SymbolResolver for Resolver {
    fn symbol(
        &mut self,
        instruction: &Instruction,
        _operand: u32,
        _instruction_operand: Option<u32>,
        address: u64,
        _size: u32,
    ) -> Option<SymbolResult<'_>> {
        let branch = instruction.op0_kind() == OpKind::NearBranch64;
        if !branch && !instruction.is_ip_rel_memory_operand() {
            return None;
        }
        let first = self.names.partition_point(|(at, _)| *at < instruction.ip());
        match self.names.get(first) {
            Some((at, name)) if *at < instruction.next_ip() => Some(SymbolResult::with_str(address, name)),
            _ if branch && address < self.length => Some(SymbolResult::with_string(address, format!("{address:#06x}"))),
            _ => None,
        }
    }
}

/// A line that notes where its symbol is.
struct Line {
    text: String,
    symbol: Option<(usize, usize)>,
}

impl FormatterOutput for Line {
    fn write(&mut self, text: &str, _: FormatterTextKind) {
        self.text.push_str(text);
    }

    fn write_symbol(&mut self, _: &Instruction, _: u32, _: Option<u32>, _: u64, symbol: &SymbolResult<'_>) {
        let start = self.text.len();
        self.text.push_str(&text_of(symbol));
        self.symbol = Some((start, self.text.len() - start));
    }
}

fn text_of(symbol: &SymbolResult<'_>) -> String {
    match &symbol.text {
        iced_x86::SymResTextInfo::Text(part) => part_of(part),
        iced_x86::SymResTextInfo::TextVec(parts) => parts.iter().map(part_of).collect(),
    }
}

fn part_of(part: &iced_x86::SymResTextPart<'_>) -> String {
    match &part.text {
        iced_x86::SymResString::Str(text) => (*text).to_owned(),
        iced_x86::SymResString::String(text) => text.clone(),
    }
}
