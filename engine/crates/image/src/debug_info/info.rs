//! The compile unit of a contribution: `.debug_info` and `.debug_ranges`.

use std::sync::Arc;

use cranefly_bitcode::ir::Subprogram;
use gimli::constants::{DW_INL_inlined, DW_LANG_Rust};
use hashbrown::HashMap;

use super::abbrev;
use super::bytes::Put;
use super::description::{Bases, Contribution, DebugInfoError, Detail, FunctionInfo, Unit, offset};
use super::line::LineProgram;
use super::scopes::{NONE, Scopes};

/// Bytes of a unit's header: length, version, abbreviations, size of an address.
pub(super) const HEADER: usize = 11;

/// A compile unit under construction.
#[derive(Debug)]
pub(super) struct InfoUnit<'a> {
    detail: Detail,
    out: Vec<u8>,
    ranges: Vec<u8>,
    /// Length of `.debug_ranges` before this unit.
    ranges_base: u64,
    /// Where the unit's own list goes, known at the end.
    unit_ranges_at: usize,
    /// Names of the namespaces that the next entry would be in, outermost first.
    open: &'a [Arc<str>],
    /// Code of the unit.
    covered: Vec<(u64, u64)>,
    /// Offsets in the unit of what inlined calls refer to: by content, and as a shortcut by address.
    origins: HashMap<&'a Subprogram, u32>,
    origins_by_address: HashMap<*const Subprogram, u32>,
}

impl<'a> InfoUnit<'a> {
    pub fn new(unit: &Unit<'a>, bases: Bases) -> Result<Self, DebugInfoError> {
        let mut out = Vec::with_capacity(256 + unit.functions.len() * 64);
        out.u32(0); // length, set by `finish`
        out.u16(4);
        out.u32(0); // abbreviations
        out.push(8);
        out.push(abbrev::UNIT);
        // Begins like rustc's own: gdb places breakpoints behind prologues by the line table for "clang " units only.
        out.string(concat!("clang LLVM (Cranefly ", env!("CARGO_PKG_VERSION"), ")"));
        out.u16(DW_LANG_Rust.0);
        out.string(unit.name);
        out.u32(offset(".debug_line", bases.line)?);
        out.string(unit.directory);
        out.u64(0); // low_pc: range lists are absolute
        let unit_ranges_at = out.len();
        out.u32(0);
        Ok(Self {
            detail: unit.detail,
            out,
            ranges: Vec::new(),
            ranges_base: bases.ranges,
            unit_ranges_at,
            open: &[],
            covered: Vec::with_capacity(unit.functions.len()),
            origins: HashMap::new(),
            origins_by_address: HashMap::new(),
        })
    }

    /// Adds one function with its inlined calls.
    pub fn function(
        &mut self,
        function: &FunctionInfo<'a>,
        subprogram: &'a Arc<Subprogram>,
        scopes: &Scopes<'a>,
        lines: &mut LineProgram<'a>,
    ) -> Result<(), DebugInfoError> {
        if function.length == 0 {
            return Ok(());
        }
        let end = function.address + u64::from(function.length);
        match self.covered.last_mut() {
            Some(last) if last.1 == function.address => last.1 = end,
            _ => self.covered.push((function.address, end)),
        }
        let inlines = scopes.first != NONE;
        if self.detail == Detail::LineTables && !inlines {
            return Ok(());
        }
        for scope in &scopes.all {
            self.origin(scope.callee, lines);
        }
        self.enter(&subprogram.namespace);
        let full = self.full(subprogram);
        let code = if full { abbrev::FUNCTION_FULL } else { abbrev::FUNCTION };
        self.out.push(code | if inlines { abbrev::WITH_CHILDREN } else { 0 });
        self.out.u64(function.address);
        self.out.u32(function.length);
        self.names(subprogram, full, lines);
        if inlines {
            self.inlined(scopes.first, function.address, scopes, lines)?;
        }
        Ok(())
    }

    /// Goes on in `namespace`. Debuggers make a function's full name of the names around it, so every function is put where
    /// rustc has it; a namespace may be opened any number of times. Line tables alone have none, as LLVM writes them.
    fn enter(&mut self, namespace: &'a [Arc<str>]) {
        let wanted = if self.detail == Detail::Full { namespace } else { &[] };
        let common = self.open.iter().zip(wanted).take_while(|(open, wanted)| open == wanted).count();
        let closed = self.open.len() - common;
        self.out.extend(std::iter::repeat_n(0, closed));
        for name in &wanted[common..] {
            self.out.push(abbrev::NAMESPACE);
            self.out.string(name);
        }
        self.open = wanted;
    }

    /// Whether an entry of `subprogram` has a linkage name and a declaration.
    fn full(&self, subprogram: &Subprogram) -> bool {
        self.detail == Detail::Full && !subprogram.linkage_name.is_empty()
    }

    fn names(&mut self, subprogram: &'a Subprogram, full: bool, lines: &mut LineProgram<'a>) {
        self.out.string(&subprogram.name);
        if full {
            self.out.string(&subprogram.linkage_name);
            self.out.uleb(lines.file(&subprogram.file));
            self.out.uleb(subprogram.line.into());
        }
    }

    /// The entry that inlined calls of `subprogram` refer to, made on first use (between two functions).
    fn origin(&mut self, subprogram: &'a Arc<Subprogram>, lines: &mut LineProgram<'a>) -> u32 {
        if let Some(&at) = self.origins_by_address.get(&Arc::as_ptr(subprogram)) {
            return at;
        }
        let at = match self.origins.get(&**subprogram) {
            Some(&at) => at,
            None => self.add_origin(subprogram, lines),
        };
        self.origins_by_address.insert(Arc::as_ptr(subprogram), at);
        at
    }

    fn add_origin(&mut self, subprogram: &'a Arc<Subprogram>, lines: &mut LineProgram<'a>) -> u32 {
        self.enter(&subprogram.namespace);
        let at = self.out.len() as u32;
        let full = self.full(subprogram);
        self.out.push(if full { abbrev::ABSTRACT_FULL } else { abbrev::ABSTRACT });
        self.names(subprogram, full, lines);
        self.out.push(DW_INL_inlined.0);
        self.origins.insert(subprogram, at);
        at
    }

    /// Writes the calls from `first` on with what was inlined into them, and the null that ends them. Walks with an
    /// explicit stack: depth is the source's choice.
    fn inlined(
        &mut self,
        first: u32,
        base: u64,
        scopes: &Scopes<'a>,
        lines: &mut LineProgram<'a>,
    ) -> Result<(), DebugInfoError> {
        let mut pending = vec![first];
        while let Some(top) = pending.last_mut() {
            if *top == NONE {
                self.out.push(0);
                pending.pop();
                continue;
            }
            let scope = &scopes.all[*top as usize];
            *top = scope.next;
            let has_children = scope.first_child != NONE;
            let children = if has_children { abbrev::WITH_CHILDREN } else { 0 };
            let origin = self.origin(scope.callee, lines);
            if let [(start, end)] = scope.ranges[..] {
                self.out.push(abbrev::INLINED | children);
                self.out.u32(origin);
                self.out.u64(base + u64::from(start));
                self.out.u32(end - start);
            } else {
                self.out.push(abbrev::INLINED_RANGES | children);
                self.out.u32(origin);
                let list = self.ranges_offset()?;
                self.out.u32(list);
                for &(start, end) in &scope.ranges {
                    self.ranges.u64(base + u64::from(start));
                    self.ranges.u64(base + u64::from(end));
                }
                self.ranges.extend([0; 16]);
            }
            self.out.uleb(lines.file(&scope.call.file));
            self.out.uleb(scope.call.line.into());
            self.out.uleb(scope.call.column.into());
            if has_children {
                pending.push(scope.first_child);
            }
        }
        Ok(())
    }

    fn ranges_offset(&self) -> Result<u32, DebugInfoError> {
        offset(".debug_ranges", self.ranges_base + self.ranges.len() as u64)
    }

    /// The contribution without its line program; nothing without any code.
    pub fn finish(mut self) -> Result<Option<Contribution>, DebugInfoError> {
        if self.covered.is_empty() {
            return Ok(None);
        }
        self.enter(&[]);
        let list = self.ranges_offset()?;
        self.out[self.unit_ranges_at..][..4].copy_from_slice(&list.to_le_bytes());
        for &(start, end) in &self.covered {
            self.ranges.u64(start);
            self.ranges.u64(end);
        }
        self.ranges.extend([0; 16]);
        offset(".debug_ranges", self.ranges_base + self.ranges.len() as u64)?;
        self.out.push(0);
        let length = offset(".debug_info", self.out.len() as u64 - 4)?;
        self.out[..4].copy_from_slice(&length.to_le_bytes());
        Ok(Some(Contribution { info: self.out, line: Vec::new(), ranges: self.ranges }))
    }
}
