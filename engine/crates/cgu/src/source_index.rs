//! Where the functions of a unit are written: its index by source file and by line.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use cranefly_bitcode::ir::{SourceFile, Subprogram};

use crate::unit::{CodegenUnit, FunctionInfo};

/// Index of one unit. Functions are named by their numbers in it.
#[derive(Debug, Default)]
pub struct SourceIndex {
    /// Where each function is written.
    pub places: Vec<Place>,
    /// Functions by the file that they are declared in.
    declared: HashMap<Arc<str>, Vec<usize>>,
    /// Functions by every file that any of their code is from.
    present: HashMap<Arc<str>, Vec<usize>>,
}

/// Where a function is written.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// Absolute path.
    pub file: Option<Arc<str>>,
    /// Line of the declaration, from 1; 0 for none.
    pub line: u32,
    /// Last line that any of its code is from.
    pub end_line: u32,
}

impl SourceIndex {
    /// Makes the index of `unit`.
    pub fn new(unit: &CodegenUnit) -> Self {
        let mut index = Self::default();
        let mut paths = Paths::default();
        for (number, function) in unit.functions.iter().enumerate() {
            index.places.push(place(function, &mut paths));
            if let Some(file) = &index.places[number].file {
                index.declared.entry(file.clone()).or_default().push(number);
            }
            for file in files(function, &mut paths) {
                index.present.entry(file).or_default().push(number);
            }
        }
        index
    }

    /// Functions that are declared in `file`.
    pub fn declared_in(&self, file: &str) -> &[usize] {
        self.declared.get(file).map_or(&[], Vec::as_slice)
    }

    /// Functions with code from line `line` of `file`, inlined code included.
    pub fn with_code_at<'a>(
        &'a self,
        unit: &'a CodegenUnit,
        file: &str,
        line: u32,
    ) -> impl Iterator<Item = usize> + 'a {
        let file = self.present.get_key_value(file);
        let functions = file.map_or(&[][..], |(_, functions)| functions);
        functions.iter().copied().filter(move |&number| {
            let frames = unit.functions[number].locations.iter().flat_map(|location| &location.frames);
            let mut paths = Paths::default();
            frames
                .filter(|frame| frame.line == line)
                .any(|frame| file.is_some_and(|(file, _)| paths.of(&frame.file) == *file))
        })
    }

    /// Functions whose lines in `file`, from declaration to end, cover `line`.
    pub fn covering<'a>(&'a self, file: &str, line: u32) -> impl Iterator<Item = usize> + 'a {
        let covers = move |place: &Place| (place.line..=place.end_line).contains(&line);
        self.declared_in(file).iter().copied().filter(move |&number| covers(&self.places[number]))
    }
}

fn place(function: &FunctionInfo, paths: &mut Paths) -> Place {
    let Some(subprogram) = &function.subprogram else { return Place::default() };
    Place { file: Some(paths.of(&subprogram.file)), line: subprogram.line, end_line: end_line(function, subprogram) }
}

/// The last line of the function's own code: that of its closing bracket, unless it never returns.
fn end_line(function: &FunctionInfo, subprogram: &Arc<Subprogram>) -> u32 {
    let own = function.locations.iter().filter_map(|location| location.frames.last());
    own.filter(|frame| same(&frame.file, &subprogram.file)).map(|frame| frame.line).fold(subprogram.line, u32::max)
}

/// Equal pointers are the shortcut that nearly always decides.
fn same(a: &Arc<SourceFile>, b: &Arc<SourceFile>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

/// The files that code of a function is from, without duplicates.
fn files(function: &FunctionInfo, paths: &mut Paths) -> Vec<Arc<str>> {
    let mut seen: Vec<*const SourceFile> = Vec::new();
    let mut found: Vec<Arc<str>> = Vec::new();
    for frame in function.locations.iter().flat_map(|location| &location.frames) {
        // Most positions are in few files.
        if !seen.contains(&Arc::as_ptr(&frame.file)) {
            seen.push(Arc::as_ptr(&frame.file));
            let path = paths.of(&frame.file);
            if !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found
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
