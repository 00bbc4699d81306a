//! Where the functions of a unit are written: its index by source file and by line.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use cranefly_bitcode::ir::{SourceFile, Subprogram};

use crate::intern::Interner;
use crate::unit::{CodegenUnit, FunctionInfo};

/// Index of one unit. Functions are named by their numbers in it.
#[derive(Debug, Default)]
pub struct SourceIndex {
    /// Absolute paths of the files that any code of the unit is from, sorted.
    files: Box<[Arc<str>]>,
    /// By function, where it is written.
    spans: Box<[Span]>,
}

/// Where a function is written.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// Number of the file that it is declared in; [`NO_FILE`] for none.
    file: u32,
    line: u32,
    end_line: u32,
}

/// The number of no file.
const NO_FILE: u32 = u32::MAX;

/// Where a function is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// Absolute path.
    pub file: Option<&'a str>,
    /// Line of the declaration, from 1; 0 for none.
    pub line: u32,
    /// Last line that any of its code is from.
    pub end_line: u32,
}

impl SourceIndex {
    /// Makes the index of `unit`. Its paths are `interner`'s.
    pub(crate) fn new(unit: &CodegenUnit, interner: &Interner) -> Self {
        let declared = |function: &FunctionInfo| Some(function.subprogram.as_ref()?.file.clone());
        let mut paths = Paths::default();
        for function in &unit.functions {
            for file in function.positions.files().chain(declared(function).as_ref()) {
                paths.of(file);
            }
        }
        let mut files: Vec<Arc<str>> = paths.known.values().cloned().collect();
        files.sort_unstable();
        files.dedup();
        let span = |function: &Arc<FunctionInfo>| {
            let Some(subprogram) = &function.subprogram else { return Span { file: NO_FILE, line: 0, end_line: 0 } };
            let file = files.binary_search(&paths.of(&subprogram.file)).ok().and_then(|file| u32::try_from(file).ok());
            Span { file: file.unwrap_or(NO_FILE), line: subprogram.line, end_line: end_line(function, subprogram) }
        };
        let spans = unit.functions.iter().map(span).collect();
        Self { files: files.iter().map(|path| interner.text(path)).collect(), spans }
    }

    /// Where a function is written, by its number.
    pub fn place(&self, function: usize) -> Place<'_> {
        let Span { file, line, end_line } = self.spans[function];
        Place { file: self.files.get(file as usize).map(|file| &**file), line, end_line }
    }

    /// Functions that are declared in `file`.
    pub fn declared_in(&self, file: &str) -> impl Iterator<Item = usize> {
        let file = self.number_of(file);
        let spans = if file.is_some() { &self.spans[..] } else { &[] };
        spans.iter().enumerate().filter(move |(_, span)| file == Some(span.file)).map(|(number, _)| number)
    }

    /// Functions with code from line `line` of `file`, inlined code included.
    pub fn with_code_at<'a>(
        &'a self,
        unit: &'a CodegenUnit,
        file: &'a str,
        line: u32,
    ) -> impl Iterator<Item = usize> + 'a {
        // Most units have no code from it at all.
        let functions = if self.number_of(file).is_some() { &unit.functions[..] } else { &[] };
        let mut paths = Paths::default();
        let mut has_code = move |function: &FunctionInfo| {
            let mut frames = function.positions.frames().filter(|frame| frame.line == line);
            frames.any(|frame| *paths.of(frame.file) == *file)
        };
        functions.iter().enumerate().filter(move |(_, function)| has_code(function)).map(|(number, _)| number)
    }

    /// Functions whose lines in `file`, from declaration to end, cover `line`.
    pub fn covering(&self, file: &str, line: u32) -> impl Iterator<Item = usize> {
        let covers = move |span: &Span| (span.line..=span.end_line).contains(&line);
        self.declared_in(file).filter(move |&number| covers(&self.spans[number]))
    }

    fn number_of(&self, file: &str) -> Option<u32> {
        self.files.binary_search_by(|path| (**path).cmp(file)).ok().and_then(|number| u32::try_from(number).ok())
    }
}

/// The last line of the function's own code: that of its closing bracket, unless it never returns.
fn end_line(function: &FunctionInfo, subprogram: &Arc<Subprogram>) -> u32 {
    let own = function.positions.frames().filter(|frame| frame.is_outermost);
    own.filter(|frame| same(frame.file, &subprogram.file)).map(|frame| frame.line).fold(subprogram.line, u32::max)
}

/// Equal pointers are the shortcut that nearly always decides.
fn same(a: &Arc<SourceFile>, b: &Arc<SourceFile>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// Absolute paths of source files, each made once.
#[derive(Debug, Default)]
struct Paths {
    known: HashMap<*const SourceFile, Arc<str>>,
}

impl Paths {
    fn of(&mut self, file: &Arc<SourceFile>) -> Arc<str> {
        self.known.entry(Arc::as_ptr(file)).or_insert_with(|| absolute_path(file).into()).clone()
    }
}

/// The path of a source file: its name in the directory that the compiler ran in, without `.` and `..`. Absolute, since that
/// directory is.
pub fn absolute_path(file: &SourceFile) -> String {
    without_dots(&Path::new(&*file.directory).join(&*file.name))
}

/// A path without `.` and `..`, as editors name files: without asking the file system, which may have them no more.
pub fn without_dots(path: &Path) -> String {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_absolute_and_plain() {
        let path =
            |directory: &str, name: &str| absolute_path(&SourceFile { directory: directory.into(), name: name.into() });
        assert_eq!(path("/home/me/project", "src/main.rs"), "/home/me/project/src/main.rs");
        assert_eq!(path("/home/me/project", "/other/lib.rs"), "/other/lib.rs");
        assert_eq!(path("/home/me/project/a", "../b/./src/lib.rs"), "/home/me/project/b/src/lib.rs");
    }
}
