//! LLVM IR.

use std::collections::HashSet;

use cranefly_bitcode::Llvm;
use cranefly_bitcode::Reader;
use cranefly_bitcode::ir::{GlobalId, Location};

use crate::error::Error;
use crate::subject::Subject;
use crate::text::{Span, Text};

/// LLVM's own text of the function `global` of the unit with the given `bitcode`, without its references to debug
/// metadata: their numbers say nothing and change with every edit.
///
/// # Errors
/// [`Error::Read`].
pub fn llvm(llvm: &Llvm, bitcode: &[u8], name: &str, global: GlobalId) -> Result<Text, Error> {
    let reader = Reader::open_with_names(llvm, bitcode, name)?;
    let printed = reader.print(global)?;
    let module = reader.module();
    let subject = Subject { module, global, symbols: &[], locations: &[] };
    let known: HashSet<&str> = module.globals.iter().map(|global| &*global.name).collect();
    let mut text = Text::titled(";", subject.symbol());
    // A text whose instructions are not where they are expected gets no positions rather than wrong ones.
    let expected = printed.text.lines().filter(|line| starts_instruction(line)).count();
    let mut locations =
        if expected == printed.locations.len() { printed.locations.iter() } else { [].iter() }.map(Option::as_ref);
    let mut current: Option<&Location> = None;
    let mut spans = Vec::new();
    for line in printed.text.lines() {
        if starts_instruction(line) {
            current = locations.next().flatten();
        } else if !line.starts_with("  ") {
            current = None;
        }
        let line = without_debug(line);
        spans.clear();
        if !line.starts_with(';') {
            symbols(&line, &known, &mut spans);
        }
        text.push(&line, current, &spans);
    }
    Ok(text.finish(";"))
}

/// Whether a line is the first, or the only one, of an instruction. Those that go on in the next lines (`invoke`, `switch`,
/// `landingpad`) indent them further, or close a bracket.
fn starts_instruction(line: &str) -> bool {
    line.strip_prefix("  ").is_some_and(|rest| !rest.starts_with([' ', ']', ';']))
}

/// The line without `!dbg !1`.
fn without_debug(line: &str) -> String {
    let Some(at) = line.find("!dbg !") else { return line.to_owned() };
    let digits = line[at + 6..].find(|char: char| !char.is_ascii_digit()).map_or(line.len(), |end| at + 6 + end);
    let before = line[..at].trim_end_matches([',', ' ']);
    format!("{before}{}", &line[digits..])
}

/// Finds `@name` and `@"name"`.
fn symbols<'a>(line: &str, known: &HashSet<&'a str>, spans: &mut Vec<Span<'a>>) {
    let mut from = 0;
    while let Some(at) = line[from..].find('@').map(|at| from + at) {
        let rest = &line[at + 1..];
        let (name, length) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let end = quoted.find('"').unwrap_or(quoted.len());
                (&quoted[..end], end + 2)
            }
            None => {
                let plain = |char: char| char.is_ascii_alphanumeric() || "-$._".contains(char);
                let end = rest.find(|char| !plain(char)).unwrap_or(rest.len());
                (&rest[..end], end)
            }
        };
        from = (at + 1 + length).min(line.len());
        if let Some(&name) = known.get(name.strip_prefix("\\01").unwrap_or(name)).filter(|name| !name.is_empty()) {
            spans.push((at, from - at, name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_debug_metadata_go() {
        assert_eq!(without_debug("  ret void, !dbg !12"), "  ret void");
        assert_eq!(without_debug("define void @f() #0 !dbg !5 {"), "define void @f() #0 {");
        assert_eq!(without_debug("  br label %x, !dbg !1, !prof !2"), "  br label %x, !prof !2");
        assert_eq!(without_debug("  ret void"), "  ret void");
    }

    #[test]
    fn symbols_are_found_in_both_spellings() {
        let known = HashSet::from(["f", "a b", "_ZN1a17hE.llvm.1"]);
        let mut spans = Vec::new();
        symbols(r#"call void @f(ptr @"a b", ptr @"\01f", i8 @other) @_ZN1a17hE.llvm.1"#, &known, &mut spans);
        let names: Vec<&str> = spans.iter().map(|span| span.2).collect();
        assert_eq!(names, ["f", "a b", "f", "_ZN1a17hE.llvm.1"]);
        assert_eq!(spans[1], (17, 6, "a b"));
    }
}
