//! What the crate lane compiled otherwise than the program had it, whether or not the body lane had put anything in its place: a
//! function that should have been taken and was not is found here, since nothing else would ever look at it.
//!
//! Lines are no content: they move with every edit above. Where a difference may be no more than that, it is in doubt, and only
//! logged.

use std::sync::Arc;

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::{Global, GlobalId, GlobalKind, Linkage, Variable};
use cranefly_cgu::{LoadedUnit, is_definition};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::reachable::Reachable;

/// A definition: unit and global.
type Node<'a> = (&'a Arc<LoadedUnit>, GlobalId);
/// Definitions by name.
type Names<'a> = FxHashMap<&'a Arc<str>, Vec<Node<'a>>>;

/// How deep constants are compared.
const MAX_DEPTH: u32 = 16;
/// Bytes of a `core::panic::Location`: the file's name, its length, line and column.
const LOCATION_SIZE: u64 = 24;

/// What the program that runs has otherwise than the crate lane.
#[derive(Clone, Debug, Default)]
pub struct Conformance {
    /// Demangled names of functions and statics with other content.
    pub missed: Vec<String>,
    /// The same, where it cannot be told whether more than lines differs.
    pub doubtful: Vec<String>,
}

/// How two versions of something compare. In the order of what decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Same,
    Other,
    /// What differs may be lines.
    Doubt,
}

/// Compares what a program consists of with what the crate lane compiled of the same sources. What both have by one name must have
/// the same content, if anything in the program leads to it; what only one of them has does not matter, since what refers to it does.
pub fn conformance(before: &[Arc<LoadedUnit>], after: &[Arc<LoadedUnit>]) -> Conformance {
    let (gone, fresh) = (without(before, after), without(after, before));
    let (old, new) = (names_of(&gone), names_of(&fresh));
    let comparison = Comparison { old: &old, new: &new };
    let mut candidates: Vec<(Node, Verdict)> = Vec::new();
    let mut renamed = Vec::new();
    for (name, nodes) in &old {
        let Some(others) = new.get(name) else {
            renamed.extend(nodes);
            continue;
        };
        for &node in nodes {
            let verdict = others.iter().map(|&other| comparison.definition(node, other)).min();
            candidates.extend(verdict.filter(|&it| it != Verdict::Same).map(|it| (node, it)));
        }
    }
    candidates.extend(comparison.renamed(&renamed));
    let mut found = Conformance::default();
    if candidates.is_empty() {
        return found;
    }
    let reachable = Reachable::of(before);
    for ((unit, global), verdict) in candidates {
        if reachable.contains(unit, global) {
            let list = if verdict == Verdict::Other { &mut found.missed } else { &mut found.doubtful };
            list.push(demangled(&unit.global(global).name));
        }
    }
    for list in [&mut found.missed, &mut found.doubtful] {
        list.sort();
        list.dedup();
    }
    found
}

/// Units that are not among the others.
fn without<'a>(units: &'a [Arc<LoadedUnit>], others: &[Arc<LoadedUnit>]) -> Vec<&'a Arc<LoadedUnit>> {
    let others: FxHashSet<_> = others.iter().map(|unit| Arc::as_ptr(&unit.unit)).collect();
    units.iter().filter(|unit| !others.contains(&Arc::as_ptr(&unit.unit))).collect()
}

fn names_of<'a>(units: &[&'a Arc<LoadedUnit>]) -> Names<'a> {
    let mut names = Names::default();
    for &unit in units {
        for (name, definition) in unit.definitions() {
            if !is_nameless(unit.global(definition.global)) {
                names.entry(name).or_default().push((unit, definition.global));
            }
        }
    }
    names
}

/// Whether a global is a constant whose name says nothing: it is its content.
fn is_nameless(global: &Global) -> bool {
    global.linkage == Linkage::Local
        && matches!(global.kind, GlobalKind::Variable(_))
        && !global.name.starts_with("_R")
        && !global.name.starts_with("_ZN")
}

/// By how many lines two versions of a function lie apart; `None` where that is not known.
type Moved = Option<i64>;

struct Comparison<'a> {
    old: &'a Names<'a>,
    new: &'a Names<'a>,
}

impl<'a> Comparison<'a> {
    /// Definitions that have another name now, and are found by their paths: only where there is one of each.
    fn renamed(&self, gone: &[Node<'a>]) -> Vec<(Node<'a>, Verdict)> {
        let paths = |nodes: &mut dyn Iterator<Item = Node<'a>>| {
            let mut paths: FxHashMap<String, Vec<Node<'a>>> = FxHashMap::default();
            nodes.for_each(|node| paths.entry(demangled(&node.0.global(node.1).name)).or_default().push(node));
            paths
        };
        if gone.is_empty() {
            return Vec::new();
        }
        let fresh = self.new.iter().filter(|(name, _)| !self.old.contains_key(*name)).flat_map(|(_, nodes)| nodes);
        let (old, new) = (paths(&mut gone.iter().copied()), paths(&mut fresh.copied()));
        let pairs = old.iter().filter_map(|(path, nodes)| {
            let ([node], [other]) = (&nodes[..], &new.get(path)?[..]) else { return None };
            // What was taken has been compared by its path already.
            let verdict = if node.0.unit.is_body_lane { Verdict::Same } else { self.definition(*node, *other) };
            (verdict != Verdict::Same).then_some((*node, verdict))
        });
        pairs.collect()
    }

    fn definition(&self, old: Node<'a>, new: Node<'a>) -> Verdict {
        match (&old.0.global(old.1).kind, &new.0.global(new.1).kind) {
            (GlobalKind::Function { .. }, GlobalKind::Function { .. }) => self.function(old, new),
            (GlobalKind::Variable(left), GlobalKind::Variable(right)) => {
                self.variable((old.0, left), (new.0, right), None, MAX_DEPTH)
            }
            // What an alias stands for has a name of its own.
            _ => Verdict::Same,
        }
    }

    fn function(&self, old: Node<'a>, new: Node<'a>) -> Verdict {
        let (Some(left), Some(right)) = (old.0.function(old.1), new.0.function(new.1)) else { return Verdict::Same };
        let (left, right) = (&old.0.unit.functions[left], &new.0.unit.functions[right]);
        // LLVM's are told apart by more than what they do.
        if left.is_llvm || right.is_llvm {
            return if left.key == right.key { Verdict::Same } else { Verdict::Doubt };
        }
        let line = |function: &cranefly_cgu::FunctionInfo| Some(i64::from(function.subprogram.as_ref()?.line));
        let moved = line(left).zip(line(right)).map(|(left, right)| right - left);
        if left.symbols.len() != right.symbols.len() {
            return Verdict::Other;
        }
        let symbols = left.symbols.iter().zip(&right.symbols);
        let references = symbols
            .map(|(left, right)| self.reference((old.0, left.global), (new.0, right.global), moved, MAX_DEPTH))
            .fold(Verdict::Same, worse);
        // `line!()` is a number in the code of a function that has moved.
        let content = match (left.key == right.key, moved) {
            (true, _) => Verdict::Same,
            (false, Some(0)) => Verdict::Other,
            (false, _) if left.weight != right.weight => Verdict::Other,
            (false, _) => Verdict::Doubt,
        };
        worse(content, references)
    }

    fn reference(&self, old: Node<'a>, new: Node<'a>, moved: Moved, depth: u32) -> Verdict {
        let (left, right) = (old.0.global(old.1), new.0.global(new.1));
        match (is_nameless(left), is_nameless(right)) {
            (true, true) => match (&left.kind, &right.kind) {
                (GlobalKind::Variable(left), GlobalKind::Variable(right)) => {
                    self.variable((old.0, left), (new.0, right), moved, depth)
                }
                _ => Verdict::Other,
            },
            (false, false) if left.name == right.name => Verdict::Same,
            (false, false) => self.other_name(old, new),
            _ => Verdict::Doubt,
        }
    }

    /// Two names: of one thing, if they have the same path. Instances, copies, and what belongs to an edited function have names that
    /// tell where they were made.
    fn other_name(&self, old: Node<'a>, new: Node<'a>) -> Verdict {
        let (left, right) = (&old.0.global(old.1).name, &new.0.global(new.1).name);
        if path_of(left) != path_of(right) {
            return if old.0.unit.is_body_lane { Verdict::Doubt } else { Verdict::Other };
        }
        let keys = |names: &Names<'a>, node: Node<'a>| -> Vec<(u128, bool)> {
            let name = &node.0.global(node.1).name;
            let own = is_definition(node.0.global(node.1)).then_some(node);
            let nodes = own.into_iter().chain(names.get(name).into_iter().flatten().copied());
            let functions = nodes.filter_map(|(unit, global)| Some(&unit.unit.functions[unit.function(global)?]));
            functions.map(|function| (function.key, function.is_llvm)).collect()
        };
        let (left, right) = (keys(self.old, old), keys(self.new, new));
        if left.is_empty() || right.is_empty() || left.iter().any(|key| right.contains(key)) {
            return Verdict::Same;
        }
        // (Both may be lines in code that has moved.)
        Verdict::Doubt
    }

    fn variable(
        &self,
        old: (&'a Arc<LoadedUnit>, &'a Variable),
        new: (&'a Arc<LoadedUnit>, &'a Variable),
        moved: Moved,
        depth: u32,
    ) -> Verdict {
        let (left, right) = (old.1, new.1);
        let Some(depth) = depth.checked_sub(1) else { return Verdict::Doubt };
        let (Some(left_init), Some(right_init)) = (&left.init, &right.init) else { return Verdict::Same };
        if (left.size, left.thread_local, left.constant) != (right.size, right.thread_local, right.constant)
            || left_init.pointers.len() != right_init.pointers.len()
        {
            // The place in the name of a call site has another number of digits.
            let is_place = ends_in_place(&left_init.bytes, &right_init.bytes)
                || differ_in_places(&left_init.bytes, &right_init.bytes, moved);
            return if is_place { Verdict::Doubt } else { Verdict::Other };
        }
        let pairs = left_init.pointers.iter().zip(&right_init.pointers);
        let targets = pairs
            .map(|(left, right)| {
                if (left.offset, left.addend) != (right.offset, right.addend) {
                    return Verdict::Other;
                }
                self.reference((old.0, left.target), (new.0, right.target), moved, depth)
            })
            .fold(Verdict::Same, worse);
        if is_location((old.0, left)) && is_location((new.0, right)) {
            return targets;
        }
        let bytes = if left_init.bytes == right_init.bytes {
            Verdict::Same
        } else if old.0.unit.is_body_lane && left_init.without_identities() == right_init.without_identities() {
            // A type that a patch crate has defined has an identity of its own there.
            Verdict::Doubt
        } else if ends_in_place(&left_init.bytes, &right_init.bytes)
            || differ_in_places(&left_init.bytes, &right_init.bytes, moved)
            || differs_by(&left_init.bytes, &right_init.bytes, moved)
        {
            Verdict::Doubt
        } else {
            Verdict::Other
        };
        worse(bytes, targets)
    }
}

/// What is in doubt somewhere is in doubt altogether.
fn worse(left: Verdict, right: Verdict) -> Verdict {
    left.max(right)
}

/// A name's path without the numbers of closures.
fn path_of(name: &str) -> String {
    let path = demangled(name);
    let mut plain = String::with_capacity(path.len());
    let mut parts = path.split('#');
    plain.extend(parts.next());
    parts.for_each(|part| plain.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit())));
    plain
}

/// Whether a constant may be a `core::panic::Location`: the file's name with its length, and 2 more numbers.
fn is_location((unit, variable): (&Arc<LoadedUnit>, &Variable)) -> bool {
    let Some(init) = &variable.init else { return false };
    let [pointer] = &init.pointers[..] else { return false };
    let GlobalKind::Variable(text) = &unit.global(pointer.target).kind else { return false };
    let number = |at: usize, size: usize| {
        let bytes = init.bytes.get(at..).unwrap_or_default();
        bytes.iter().take(size).rev().fold(0, |number, &byte| (number << 8) | u64::from(byte))
    };
    let length = number(8, 8);
    // (The name may end with a zero that does not count. Lines and columns begin at 1.)
    variable.size == LOCATION_SIZE
        && pointer.offset == 0
        && (text.size == length || text.size == length + 1)
        && number(16, 4) > 0
        && number(20, 4) > 0
}

/// Whether two texts are the same up to the number behind their last colon.
fn ends_in_place(left: &[u8], right: &[u8]) -> bool {
    fn stem(text: &[u8]) -> Option<&[u8]> {
        let stem = text.trim_ascii_end();
        let digits = stem.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let stem = &stem[..stem.len() - digits];
        (digits > 0 && stem.ends_with(b":")).then_some(stem)
    }
    stem(left).is_some_and(|left| Some(left) == stem(right))
}

/// Whether two texts differ only in numbers behind colons, as the places in them do that `dbg!` has put there. Where these have another number
/// of digits, so has the text's length, which `format_args!` puts in front of it.
fn differ_in_places(left: &[u8], right: &[u8], moved: Moved) -> bool {
    fn without_places(text: &[u8]) -> Vec<u8> {
        let mut stem = Vec::with_capacity(text.len());
        let mut is_place = false;
        for &byte in text {
            is_place = byte == b':' || (is_place && byte.is_ascii_digit());
            if !is_place || byte == b':' {
                stem.push(byte);
            }
        }
        stem
    }
    let (own, other) = (without_places(left), without_places(right));
    let longer = right.len().wrapping_sub(left.len()) as u8;
    let differences: Vec<_> = own.iter().zip(&other).filter(|(own, other)| own != other).collect();
    let is_length = match differences[..] {
        [] => true,
        [(own, other)] => longer != 0 && other.wrapping_sub(*own) == longer,
        _ => false,
    };
    moved != Some(0) && own.len() == other.len() && is_length
}

/// Whether two constants differ only in numbers of 32 bits, by as much as their function has moved.
fn differs_by(left: &[u8], right: &[u8], moved: Moved) -> bool {
    let Some(moved) = moved.filter(|&moved| moved != 0) else { return false };
    // (Trailing zeros may be missing.)
    let words = left.len().max(right.len()).div_ceil(4);
    let word = |bytes: &[u8], at: usize| {
        let mut word = [0; 4];
        let rest = bytes.get(at * 4..).unwrap_or_default();
        word.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        i64::from(u32::from_le_bytes(word))
    };
    (0..words).all(|at| [0, moved].contains(&(word(right, at) - word(left, at))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_a_text_are_its_lines() {
        let differ = |left: &[u8], right: &[u8]| differ_in_places(left, right, Some(1));
        assert!(differ(b"[src/main.rs:12:5] n = ", b"[src/main.rs:13:5] n = "));
        // With their lengths.
        assert!(differ(b"\x15[src/main.rs:9:5] n = \xc0", b"\x16[src/main.rs:10:5] n = \xc0"));
        assert!(!differ(b"\x15[src/main.rs:9:5] n = \xc0", b"\x17[src/main.rs:10:5] n = \xc0"));
        assert!(!differ(b"[src/main.rs:12:5] n = ", b"[src/main.rs:13:5] m = "));
        assert!(!differ(b"value 1", b"value 2"));
        // Of a function that has not moved.
        assert!(!differ_in_places(b"at 10:30", b"at 10:45", Some(0)));
    }
}
