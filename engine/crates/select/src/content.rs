//! Equal or not: the crate lane's and the body lane's version of one thing.

use cranefly_bitcode::ir::{GlobalId, GlobalKind, Variable};
use cranefly_cgu::{CodegenUnit, LoadedUnit, is_anonymous};

/// How deep constants may refer to constants before they count as different.
const MAX_DEPTH: u32 = 16;

/// Whether two functions are the same: equal content, and equal things by the same names.
pub fn same_function(a: &LoadedUnit, a_function: usize, b: &LoadedUnit, b_function: usize) -> bool {
    let (left, right) = (&a.unit.functions[a_function], &b.unit.functions[b_function]);
    left.key == right.key
        && left.symbols.len() == right.symbols.len()
        && left
            .symbols
            .iter()
            .zip(&right.symbols)
            .all(|(left, right)| same_reference((a, left.global), (b, right.global), MAX_DEPTH))
}

/// Whether two versions of a function are the same to whoever has edited it: equal content, and equal constants. What has only
/// moved is the same, so the numbers in constants that point to others, places among them, do not count.
pub fn same_version(a: (&CodegenUnit, usize), b: (&CodegenUnit, usize)) -> bool {
    let (left, right) = (&a.0.functions[a.1], &b.0.functions[b.1]);
    left.key == right.key
        && left
            .symbols
            .iter()
            .zip(&right.symbols)
            .all(|(left, right)| says_the_same((a.0, left.global), (b.0, right.global), MAX_DEPTH))
}

fn says_the_same(a: (&CodegenUnit, GlobalId), b: (&CodegenUnit, GlobalId), depth: u32) -> bool {
    let (left, right) = (&a.0.module.globals[a.1.0 as usize], &b.0.module.globals[b.1.0 as usize]);
    let (GlobalKind::Variable(left_value), GlobalKind::Variable(right_value)) = (&left.kind, &right.kind) else {
        return true;
    };
    if !is_anonymous(left) || !is_anonymous(right) {
        return true;
    }
    let (Some(left), Some(right), Some(depth)) = (&left_value.init, &right_value.init, depth.checked_sub(1)) else {
        return true;
    };
    if left.pointers.is_empty() && right.pointers.is_empty() {
        return left.bytes == right.bytes;
    }
    left.pointers.len() == right.pointers.len()
        && left
            .pointers
            .iter()
            .zip(&right.pointers)
            .all(|(left, right)| says_the_same((a.0, left.target), (b.0, right.target), depth))
}

/// Whether two variables hold the same.
pub fn same_variable(a: (&LoadedUnit, &Variable), b: (&LoadedUnit, &Variable)) -> bool {
    same_contents(a, b, MAX_DEPTH)
}

/// Whether two variables hold the same, whatever the names are of what they point to.
pub fn same_shape(a: &Variable, b: &Variable) -> bool {
    let shape = |variable: &Variable| (variable.thread_local, variable.constant, variable.size, variable.align);
    let contents = |variable: &Variable| {
        variable.init.as_ref().map(|init| {
            let pointers: Vec<_> = init.pointers.iter().map(|pointer| (pointer.offset, pointer.addend)).collect();
            (init.bytes.clone(), pointers)
        })
    };
    shape(a) == shape(b) && a.section == b.section && contents(a) == contents(b)
}

fn same_reference(a: (&LoadedUnit, GlobalId), b: (&LoadedUnit, GlobalId), depth: u32) -> bool {
    let (left, right) = (a.0.global(a.1), b.0.global(b.1));
    match (is_anonymous(left), is_anonymous(right)) {
        (false, false) => left.name == right.name,
        (true, true) => match (&left.kind, &right.kind) {
            (GlobalKind::Variable(left), GlobalKind::Variable(right)) => {
                same_contents((a.0, left), (b.0, right), depth)
            }
            _ => false,
        },
        _ => false,
    }
}

fn same_contents(a: (&LoadedUnit, &Variable), b: (&LoadedUnit, &Variable), depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let (left, right) = (a.1, b.1);
    let shape = |variable: &Variable| (variable.thread_local, variable.constant, variable.size, variable.align);
    if shape(left) != shape(right) || left.section != right.section {
        return false;
    }
    match (&left.init, &right.init) {
        (None, None) => true,
        (Some(left), Some(right)) => {
            left.bytes == right.bytes
                && left.pointers.len() == right.pointers.len()
                && left.pointers.iter().zip(&right.pointers).all(|(left, right)| {
                    (left.offset, left.addend) == (right.offset, right.addend)
                        && same_reference((a.0, left.target), (b.0, right.target), depth)
                })
        }
        _ => false,
    }
}
