//! The line program of a contribution (DWARF 4, section 6.2), with the parameters that LLVM uses.

use std::sync::Arc;

use cranefly_bitcode::ir::{SourceFile, Subprogram};
use gimli::constants::*;
use hashbrown::HashMap;

use super::bytes::Put;
use super::description::{FunctionInfo, NOWHERE};

const LINE_BASE: i64 = -5;
const LINE_RANGE: u8 = 14;
const OPCODE_BASE: u8 = 13;
/// Operands of each standard opcode.
const OPERANDS: [u8; OPCODE_BASE as usize - 1] = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];

/// A line program under construction.
#[derive(Debug)]
pub(super) struct LineProgram<'a> {
    directory: &'a str,
    directories: Vec<&'a str>,
    directory_numbers: HashMap<&'a str, u64>,
    file_table: Vec<u8>,
    /// By content, and as a shortcut by address: what is in a unit outlives the program.
    files: HashMap<&'a SourceFile, u64>,
    files_by_address: HashMap<*const SourceFile, u64>,
    program: Vec<u8>,
}

/// The state machine's registers, as far as they are used.
struct State {
    offset: u32,
    file: u64,
    line: u32,
    column: u32,
}

impl<'a> LineProgram<'a> {
    pub fn new(directory: &'a str) -> Self {
        Self {
            directory,
            directories: Vec::new(),
            directory_numbers: HashMap::new(),
            file_table: Vec::new(),
            files: HashMap::new(),
            files_by_address: HashMap::new(),
            program: Vec::new(),
        }
    }

    /// Number of a file, from 1.
    pub fn file(&mut self, file: &'a Arc<SourceFile>) -> u64 {
        if let Some(&number) = self.files_by_address.get(&Arc::as_ptr(file)) {
            return number;
        }
        let next = self.files.len() as u64 + 1;
        let number = *self.files.entry(file).or_insert(next);
        if number == next {
            let directory = self.directory_number(&file.directory);
            self.file_table.string(&file.name);
            self.file_table.uleb(directory);
            self.file_table.extend([0, 0]); // time, length: unknown
        }
        self.files_by_address.insert(Arc::as_ptr(file), number);
        number
    }

    fn directory_number(&mut self, directory: &'a str) -> u64 {
        if directory.is_empty() || directory == self.directory {
            return 0;
        }
        let next = self.directories.len() as u64 + 1;
        let number = *self.directory_numbers.entry(directory).or_insert(next);
        if number == next {
            self.directories.push(directory);
        }
        number
    }

    /// Adds the rows of one function, as a sequence of its own.
    pub fn function(&mut self, function: &FunctionInfo<'a>, subprogram: &'a Arc<Subprogram>) {
        if function.length == 0 {
            return;
        }
        self.program.extend([0, 9, DW_LNE_set_address.0]);
        self.program.u64(function.address);
        let mut state = State { offset: 0, file: 1, line: 1, column: 0 };
        // Of several rows at one offset the last one counts.
        let first = function.lines.iter().rfind(|row| row.0 == 0);
        let starts_nowhere = first.is_none_or(|row| row.1 == NOWHERE);
        if starts_nowhere {
            // The prologue belongs to the function's declaration, as in LLVM's output.
            let file = self.file(&subprogram.file);
            self.row(&mut state, 0, (file, subprogram.line, 0));
        }
        let mut prologue = true;
        for (index, &(offset, location)) in function.lines.iter().enumerate() {
            let next = function.lines.get(index + 1).map_or(function.length, |next| next.0);
            if next == offset || (offset == 0 && starts_nowhere) {
                continue; // no code, or said already
            }
            let position = match function.locations.get(location as usize) {
                Some(location) if let Some(frame) = location.frames.first() => {
                    (self.file(&frame.file), frame.line, frame.column)
                }
                _ => (state.file, 0, 0),
            };
            if prologue && offset > 0 && location != NOWHERE {
                self.program.push(DW_LNS_set_prologue_end.0);
                prologue = false;
            } else if offset > 0 && position == (state.file, state.line, state.column) {
                continue; // the row before goes on
            }
            self.row(&mut state, offset, position);
        }
        self.program.push(DW_LNS_advance_pc.0);
        self.program.uleb((function.length - state.offset).into());
        self.program.extend([0, 1, DW_LNE_end_sequence.0]);
    }

    /// Appends one row.
    fn row(&mut self, state: &mut State, offset: u32, (file, line, column): (u64, u32, u32)) {
        let program = &mut self.program;
        if file != state.file {
            program.push(DW_LNS_set_file.0);
            program.uleb(file);
        }
        if column != state.column {
            program.push(DW_LNS_set_column.0);
            program.uleb(column.into());
        }
        let mut by_line = i64::from(line) - i64::from(state.line);
        let by_offset = u64::from(offset - state.offset);
        if !(LINE_BASE..LINE_BASE + i64::from(LINE_RANGE)).contains(&by_line) {
            program.push(DW_LNS_advance_line.0);
            program.sleb(by_line);
            by_line = 0;
        }
        let line_part = (by_line - LINE_BASE) as u64 + u64::from(OPCODE_BASE);
        let special = by_offset * u64::from(LINE_RANGE) + line_part;
        if special <= 255 {
            program.push(special as u8);
        } else {
            program.push(DW_LNS_advance_pc.0);
            program.uleb(by_offset);
            program.push(line_part as u8);
        }
        *state = State { offset, file, line, column };
    }

    /// The contribution to `.debug_line`.
    pub fn finish(self) -> Vec<u8> {
        let mut header = vec![1, 1, 1]; // bytes per instruction, operations per instruction, rows are statements
        header.push(LINE_BASE as u8);
        header.extend([LINE_RANGE, OPCODE_BASE]);
        header.extend(OPERANDS);
        for directory in &self.directories {
            header.string(directory);
        }
        header.push(0);
        header.extend_from_slice(&self.file_table);
        header.push(0);
        let mut out = Vec::with_capacity(10 + header.len() + self.program.len());
        out.u32((6 + header.len() + self.program.len()) as u32);
        out.u16(4);
        out.u32(header.len() as u32);
        out.extend(header);
        out.extend(self.program);
        out
    }
}
