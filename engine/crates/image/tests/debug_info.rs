//! Line tables and inlined frames, as the readers see them: the crate behind std's backtraces, and gdb.

use std::process::Command;
use std::sync::Arc;

use cranefly_bitcode::ir::{Location, SourceFile, SourceFrame, Subprogram};
use cranefly_image::debug_info::{
    Bases, Contribution, DebugInfoError, Detail, FunctionInfo, Unit, abbreviations, contribution, neutralise,
};
use gimli::{EndianSlice, LittleEndian, SectionId};
use proptest::prelude::*;

const DIRECTORY: &str = "/home/user/demo";

/// The debug sections of an image.
#[derive(Clone, Default)]
struct Sections {
    info: Vec<u8>,
    line: Vec<u8>,
    ranges: Vec<u8>,
}

impl Sections {
    fn bases(&self) -> Bases {
        let len = |bytes: &[u8]| bytes.len() as u64;
        Bases { info: len(&self.info), line: len(&self.line), ranges: len(&self.ranges) }
    }

    /// Appends a contribution; where its unit lies.
    fn append(&mut self, functions: &[Function], detail: Detail) -> std::ops::Range<usize> {
        let infos: Vec<_> = functions.iter().map(Function::info).collect();
        let unit = Unit { name: "src/main.rs/@/demo.0", directory: DIRECTORY, detail, functions: &infos };
        let Contribution { info, line, ranges } = contribution(&unit, self.bases()).unwrap();
        let start = self.info.len();
        self.info.extend(info);
        self.line.extend(line);
        self.ranges.extend(ranges);
        start..self.info.len()
    }

    fn resolve(&self, address: u64) -> Vec<Frame> {
        let abbrev = abbreviations();
        let load = |id| {
            let bytes: &[u8] = match id {
                SectionId::DebugAbbrev => &abbrev,
                SectionId::DebugInfo => &self.info,
                SectionId::DebugLine => &self.line,
                SectionId::DebugRanges => &self.ranges,
                _ => &[],
            };
            Ok::<_, gimli::Error>(EndianSlice::new(bytes, LittleEndian))
        };
        let context = addr2line::Context::from_dwarf(gimli::Dwarf::load(load).unwrap()).unwrap();
        let mut frames = context.find_frames(address).skip_all_loads().unwrap();
        let mut out = Vec::new();
        while let Some(frame) = frames.next().unwrap() {
            let name = frame.function.map(|function| function.raw_name().unwrap().into_owned());
            let position =
                frame.location.and_then(|at| Some((at.file.unwrap().to_owned(), at.line?, at.column.unwrap_or(0))));
            out.push((name, position));
        }
        out
    }
}

/// Name, and file, line, column.
type Frame = (Option<String>, Option<(String, u32, u32)>);

#[derive(Clone, Debug)]
struct Function {
    address: u64,
    length: u32,
    lines: Vec<(u32, u32)>,
    locations: Vec<Location>,
    subprogram: Arc<Subprogram>,
}

impl Function {
    fn info(&self) -> FunctionInfo<'_> {
        FunctionInfo {
            address: self.address,
            length: self.length,
            lines: &self.lines,
            locations: &self.locations,
            subprogram: Some(&self.subprogram),
        }
    }

    /// What a reader must say about the byte at `offset`.
    fn expected(&self, offset: u32, detail: Detail) -> Vec<Frame> {
        let name = |subprogram: &Subprogram| match detail {
            Detail::LineTables => subprogram.name.to_string(),
            Detail::Full => subprogram.linkage_name.to_string(),
        };
        let coded = |row: usize| self.lines.get(row + 1).map_or(self.length, |next| next.0) > self.lines[row].0;
        let used = |row: &usize| self.lines[*row].1 != u32::MAX && coded(*row);
        let inlines =
            (0..self.lines.len()).filter(used).any(|row| self.locations[self.lines[row].1 as usize].frames.len() > 1);
        let own = (detail == Detail::Full || inlines).then(|| name(&self.subprogram));
        let position = |frame: &SourceFrame| (frame.line > 0).then(|| (path(&frame.file), frame.line, frame.column));
        let row = self.lines.iter().rev().find(|row| row.0 <= offset);
        match row.map(|row| row.1) {
            None => vec![(own, Some((path(&self.subprogram.file), self.subprogram.line, 0)))],
            Some(u32::MAX) if row.unwrap().0 == 0 => {
                vec![(own, Some((path(&self.subprogram.file), self.subprogram.line, 0)))]
            }
            Some(u32::MAX) => vec![(own, None)],
            Some(location) => {
                let frames = &self.locations[location as usize].frames;
                let (last, inlined) = frames.split_last().unwrap();
                let inlined = inlined.iter().map(|frame| (Some(name(&frame.subprogram)), position(frame)));
                inlined.chain([(own, position(last))]).collect()
            }
        }
    }
}

fn path(file: &SourceFile) -> String {
    let directory = if file.directory.is_empty() { DIRECTORY } else { &file.directory };
    if file.name.starts_with('/') { file.name.to_string() } else { format!("{directory}/{}", file.name) }
}

fn file(number: usize) -> Arc<SourceFile> {
    let (directory, name) = [
        ("", "src/main.rs"),
        (DIRECTORY, "src/lib.rs"),
        ("/rustc/59807616e1fa2540724bfbac14d7976d7e4a3860", "library/core/src/ptr/mod.rs"),
        ("", "/home/user/generated.rs"),
    ][number];
    Arc::new(SourceFile { directory: directory.into(), name: name.into() })
}

fn subprogram(number: usize) -> Arc<Subprogram> {
    Arc::new(Subprogram {
        name: format!("function{number}<T>").into(),
        linkage_name: format!("_RNvCs1_4demo9function{number}").into(),
        namespace: vec!["demo".into()],
        file: file(number % 4),
        line: 10 * number as u32 + 1,
    })
}

fn frame(subprogram: &Arc<Subprogram>, file_number: usize, line: u32, column: u32) -> SourceFrame {
    SourceFrame { subprogram: subprogram.clone(), file: file(file_number), line, column }
}

/// Rows that refer to locations by any order, with inlining up to four deep, gaps, and empty rows.
fn functions() -> impl Strategy<Value = Vec<Function>> {
    let inlined = (0usize..4, 0usize..4, 0u32..900, 0u32..90);
    let location = (prop::collection::vec(inlined, 0..4), (0usize..4, 0u32..3000, 0u32..200));
    let row = (0u32..40, prop::option::weighted(0.85, 0usize..6));
    let function = (prop::collection::vec(location, 6), prop::collection::vec(row, 0..24), 1u32..300, 0u64..3);
    prop::collection::vec(function, 0..8).prop_map(|functions| {
        let mut address = 0x1000;
        let mut out = Vec::new();
        for (number, (locations, rows, rest, gap)) in functions.into_iter().enumerate() {
            let own = subprogram(10 + number);
            let locations = locations.into_iter().map(|(inlined, (file_number, line, column))| {
                let inlined = inlined
                    .into_iter()
                    .map(|(name, file_number, line, column)| frame(&subprogram(name), file_number, line, column));
                Location { frames: inlined.chain([frame(&own, file_number, line, column)]).collect() }
            });
            let mut at = 0;
            let lines = rows.into_iter().map(|(step, location)| {
                at += step;
                (at, location.map_or(u32::MAX, |location| location as u32))
            });
            let (locations, lines) = (locations.collect(), lines.collect());
            address += gap * 16;
            out.push(Function { address, length: at + rest, lines, locations, subprogram: own });
            address += u64::from(at + rest);
        }
        out
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two contributions; then the first is switched off and told again.
    #[test]
    fn every_address_resolves_to_its_frames(first in functions(), second in functions(), full: bool) {
        let detail = if full { Detail::Full } else { Detail::LineTables };
        let mut sections = Sections::default();
        let old = sections.append(&first, detail);
        let second: Vec<_> = second.into_iter().map(|f| Function { address: f.address + 0x10_0000, ..f }).collect();
        sections.append(&second, detail);
        let check = |sections: &Sections, functions: &[Function]| {
            for function in functions {
                for offset in (0..function.length).step_by(3).chain([function.length - 1]) {
                    let found = sections.resolve(function.address + u64::from(offset));
                    prop_assert_eq!(found, function.expected(offset, detail), "at {:#x}", offset);
                }
            }
            Ok(())
        };
        check(&sections, &first)?;
        check(&sections, &second)?;
        if !old.is_empty() {
            let dead = neutralise(&sections.info[old.clone()]).unwrap();
            prop_assert_eq!(dead.len(), old.len());
            sections.info[old].copy_from_slice(&dead);
            for function in &first {
                prop_assert!(sections.resolve(function.address).is_empty());
            }
            check(&sections, &second)?;
            sections.append(&first, detail);
            check(&sections, &first)?;
        }
    }
}

#[test]
fn nothing_to_say_is_no_bytes() {
    let unit = Unit { name: "u", directory: "/", detail: Detail::Full, functions: &[] };
    assert_eq!(contribution(&unit, Bases::default()), Ok(Contribution::default()));
    let nameless = FunctionInfo { address: 0x1000, length: 5, lines: &[], locations: &[], subprogram: None };
    let unit = Unit { functions: &[nameless], ..unit };
    assert_eq!(contribution(&unit, Bases::default()), Ok(Contribution::default()));
}

#[test]
fn bad_input_is_an_error() {
    let own = subprogram(1);
    let ordered = FunctionInfo { address: 0x1000, length: 9, lines: &[], locations: &[], subprogram: Some(&own) };
    let unit = |lines| {
        let functions = [FunctionInfo { lines, ..ordered }];
        contribution(&Unit { name: "", directory: "", detail: Detail::Full, functions: &functions }, Bases::default())
    };
    let bad = |row| Err(DebugInfoError::BadRow { address: 0x1000, row });
    assert_eq!(unit(&[(4, u32::MAX), (3, u32::MAX)]), bad(1));
    assert_eq!(unit(&[(10, u32::MAX)]), bad(0));
    assert_eq!(unit(&[(0, 0)]), bad(0));
    let functions = [ordered];
    let whole = Unit { name: "", directory: "", detail: Detail::Full, functions: &functions };
    let far = Bases { line: 1 << 32, ..Bases::default() };
    assert_eq!(contribution(&whole, far), Err(DebugInfoError::TooLarge(".debug_line")));
    assert_eq!(neutralise(&[1, 2, 3]), Err(DebugInfoError::NotAUnit(3)));
    assert_eq!(neutralise(&[0; 40]), Err(DebugInfoError::NotAUnit(40)));
}

/// A function at 0x1000 with a call inlined into an inlined call.
fn example() -> Function {
    let (own, outer, inner) = (subprogram(10), subprogram(5), subprogram(7));
    let call = frame(&own, 0, 42, 9);
    let locations = vec![
        Location { frames: [call.clone()].into_iter().collect() },
        Location { frames: [frame(&inner, 2, 700, 5), frame(&outer, 1, 55, 13), call.clone()].into_iter().collect() },
        Location { frames: [frame(&outer, 1, 56, 1), call].into_iter().collect() },
        Location { frames: [frame(&own, 0, 43, 2)].into_iter().collect() },
    ];
    let lines = vec![(0, u32::MAX), (8, 0), (16, 1), (24, 2), (32, 1), (40, 3), (48, u32::MAX)];
    Function { address: 0x1000, length: 64, lines, locations, subprogram: own }
}

#[test]
fn gdb_reads_both_contributions() {
    let mut sections = Sections::default();
    let old = sections.append(&[Function { address: 0x1000, ..example() }], Detail::Full);
    sections.append(&[Function { address: 0x1040, ..example() }], Detail::LineTables);
    let Some(text) = gdb(&sections) else { return };
    assert!(text.contains("Line 42 of \"src/main.rs\" starts at address 0x1008"), "{text}");
    assert!(
        text.contains("Line 700 of") && text.contains("library/core/src/ptr/mod.rs\" starts at address 0x1010"),
        "{text}"
    );
    assert!(text.contains("Line 700 of") && text.contains("starts at address 0x1050"), "{text}");
    assert!(text.contains("Line 43 of \"src/main.rs\" starts at address 0x1068"), "{text}");

    let dead = neutralise(&sections.info[old.clone()]).unwrap();
    sections.info[old].copy_from_slice(&dead);
    let text = gdb(&sections).unwrap();
    assert!(text.contains("No line number information available for address 0x1010"), "{text}");
    assert!(text.contains("Line 43 of \"src/main.rs\" starts at address 0x1068"), "{text}");
}

/// What gdb says about some addresses of an image with these sections; nothing where there is no gdb.
fn gdb(sections: &Sections) -> Option<String> {
    if Command::new("gdb").arg("--version").output().is_err() {
        eprintln!("skipped: no gdb");
        return None;
    }
    let folder = std::env::temp_dir().join(format!("cranefly-debug-info-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut source = ".text\n.zero 4096\n".to_owned();
    let abbreviations = abbreviations();
    for (name, bytes) in
        [("abbrev", &abbreviations), ("info", &sections.info), ("line", &sections.line), ("ranges", &sections.ranges)]
    {
        std::fs::write(folder.join(name), bytes).unwrap();
        source += &format!(".section .debug_{name},\"\",@progbits\n.incbin \"{name}\"\n");
    }
    std::fs::write(folder.join("image.s"), source).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{program}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    run("gcc", &["-shared", "-nostdlib", "-Wl,-Ttext=0x1000", "-o", "image.so", "image.s"]);
    let mut arguments = vec!["-nx", "-batch"];
    for address in ["0x1008", "0x1010", "0x1050", "0x1068"] {
        arguments.extend(["-ex", Box::leak(format!("info line *{address}").into_boxed_str())]);
    }
    arguments.push("image.so");
    let text = run("gdb", &arguments);
    assert!(!text.contains("rror") && !text.contains("warning"), "{text}");
    std::fs::remove_dir_all(&folder).unwrap();
    Some(text)
}

/// Encoding runs on every save. Not a benchmark: it catches what is slower by an order of magnitude.
#[test]
fn a_function_costs_microseconds() {
    // As in real input, functions share what is inlined into them.
    let examples: Vec<_> = (0..100).map(|_| example()).collect();
    let functions: Vec<_> = (0..5000)
        .map(|number| Function { address: 0x1000 + 64 * number, ..examples[number as usize % 100].clone() })
        .collect();
    let infos: Vec<_> = functions.iter().map(Function::info).collect();
    let unit = Unit { name: "u", directory: DIRECTORY, detail: Detail::LineTables, functions: &infos };
    let best = (0..5).map(|_| {
        let start = std::time::Instant::now();
        assert!(!contribution(&unit, Bases::default()).unwrap().info.is_empty());
        start.elapsed()
    });
    let each = best.min().unwrap() / 5000;
    eprintln!("{each:?} a function");
    assert!(each < std::time::Duration::from_micros(if cfg!(debug_assertions) { 300 } else { 30 }), "{each:?}");
}
