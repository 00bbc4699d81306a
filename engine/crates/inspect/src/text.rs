//! A text under construction: bounded, with what each line is about.

use std::sync::Arc;

use cranefly_bitcode::ir::{Location, SourceFile};

/// Most bytes of a text; what is longer is cut, and says so.
pub const MAX_BYTES: usize = 1 << 20;

/// A function as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The text, every line ending in a line feed.
    pub text: String,
    /// Source positions, by rising line. Lines without one are left out.
    pub lines: Vec<SourceLine>,
    /// Symbols that the text names, in its order.
    pub refs: Vec<Reference>,
    /// Lines that were left out at the end.
    pub missing: usize,
    count: u32,
}

/// Where a line of a text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLine {
    /// The line, from 1.
    pub line: u32,
    /// Source file, of the innermost of inlined functions.
    pub file: Arc<SourceFile>,
    /// Line there, from 1.
    pub source_line: u32,
    /// Column there, from 1; 0 for none.
    pub source_column: u32,
    /// Line in the function itself: differs for what was inlined into it, and is the line of the call then.
    pub function_line: u32,
}

/// A symbol in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in UTF-16 code units.
    pub column: u32,
    /// Length in UTF-16 code units.
    pub length: u32,
    /// Linker name.
    pub symbol: String,
}

/// A symbol in a line: start and length in bytes, linker name.
pub(crate) type Span<'a> = (usize, usize, &'a str);

impl Text {
    /// A text that begins with the name of the function.
    pub(crate) fn titled(comment: &str, symbol: &str) -> Self {
        let mut text = Self::default();
        text.push(&format!("{comment} {}", cranefly_bitcode::demangled(symbol)), None, &[]);
        text
    }

    /// Adds a line.
    pub(crate) fn push(&mut self, line: &str, location: Option<&Location>, spans: &[Span]) {
        if self.missing > 0 || self.text.len() + line.len() + 1 > MAX_BYTES {
            self.missing += 1;
            return;
        }
        self.text.push_str(line);
        self.text.push('\n');
        self.count += 1;
        if let Some(frames) = location.map(|location| &location.frames)
            && let (Some(inner), Some(outer)) = (frames.first(), frames.last())
            && inner.line > 0
        {
            self.lines.push(SourceLine {
                line: self.count,
                file: inner.file.clone(),
                source_line: inner.line,
                source_column: inner.column,
                function_line: outer.line,
            });
        }
        self.refs.extend(spans.iter().map(|&(start, length, symbol)| Reference {
            line: self.count,
            column: units(&line[..start]) + 1,
            length: units(&line[start..start + length]),
            symbol: symbol.to_owned(),
        }));
    }

    /// Ends the text: says when it was cut. `comment` starts a comment.
    pub(crate) fn finish(mut self, comment: &str) -> Self {
        if self.missing > 0 {
            let note = format!("{comment} … {} more lines are left out: a text is cut at 1 MB\n", self.missing);
            self.text.push_str(&note);
        }
        self
    }
}

/// Length in UTF-16 code units: what editors count.
fn units(text: &str) -> u32 {
    text.encode_utf16().count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let mut text = Text::default();
        let line = "x".repeat(999);
        for _ in 0..1100 {
            text.push(&line, None, &[]);
        }
        let text = text.finish(";");
        assert_eq!(text.missing, 1100 - MAX_BYTES / 1000);
        assert!(text.text.ends_with("; … 52 more lines are left out: a text is cut at 1 MB\n"));
    }

    #[test]
    fn columns_count_as_editors_do() {
        let mut text = Text::default();
        text.push("é𝄞 name", None, &[("é𝄞 ".len(), 4, "symbol")]);
        assert_eq!((text.refs[0].line, text.refs[0].column, text.refs[0].length), (1, 5, 4));
    }
}
