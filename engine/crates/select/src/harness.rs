//! The tests of a crate, as its test harness lists them.
//!
//! With `--test`, rustc makes a constant of each `#[test]`, which describes it, and a `main` that hands their addresses to the harness,
//! sorted by the tests' names (`rustc_builtin_macros`' `test_harness`). These constants have no names of their own, so what tells a test is
//! the closure that its description leads to. That has the words of the name; how they are spelled, as `r#match::works`, is in a text of
//! the description.

use cranefly_bitcode::demangled;
use cranefly_bitcode::ir::{GlobalId, GlobalKind, Init, InitPointer, Linkage};
use cranefly_cgu::{LoadedUnit, is_anonymous};

use crate::refusal::Refusal;

/// What `main` calls: the second one where panics abort.
const RUN_TESTS: [&str; 2] = ["test::test_main_static", "test::test_main_static_abort"];

/// How the name of such a function is found among many.
const RUN_TESTS_STEM: &str = "test_main_static";

/// A test harness. Globals are of its unit.
#[derive(Debug)]
pub struct Harness<'a> {
    /// The unit of `main`, by its number, which has the list and the descriptions as well.
    pub unit: usize,
    /// `main`.
    pub main: GlobalId,
    /// The constant with the descriptions' addresses; `None` where there are no tests.
    pub list: Option<(GlobalId, &'a Init)>,
    /// In the order of the list.
    pub tests: Vec<Test>,
}

/// A test.
#[derive(Debug)]
pub struct Test {
    /// Its path without the crate, as the harness tells it.
    pub name: String,
    /// The constant that describes it.
    pub description: GlobalId,
}

impl<'a> Harness<'a> {
    /// Finds the harness among the units of a crate.
    ///
    /// # Errors
    /// There is none, there are several, or it is not as rustc makes them.
    pub fn of(units: impl Iterator<Item = (usize, &'a LoadedUnit)> + Clone) -> Result<Self, Refusal> {
        let mut mains = units.clone().flat_map(|(number, unit)| mains(unit).map(move |main| (number, unit, main)));
        let (Some((number, unit, main)), None) = (mains.next(), mains.next()) else { return Err(Refusal::Tests) };
        let function = unit.function(main).ok_or(Refusal::Tests)?;
        let mut constants = unit.unit.functions[function].symbols.iter().map(|symbol| symbol.global);
        let list = constants.find_map(|id| Some((id, init_of(unit, id)?)));
        if constants.any(|id| init_of(unit, id).is_some()) {
            return Err(Refusal::Tests);
        }
        let pointers = list.iter().flat_map(|(_, init)| &init.pointers);
        let name = |description| name_of(unit, description, units.clone()).ok_or(Refusal::Tests);
        let test = |description| Ok(Test { name: name(description)?, description });
        let tests: Vec<Test> = pointers.map(|pointer| test(pointer.target)).collect::<Result<_, Refusal>>()?;
        Ok(Self { unit: number, main, list, tests })
    }
}

/// The tests of a crate, by the names that the harness tells, in its order.
///
/// # Errors
/// See [`Harness::of`].
pub fn tests_of<'a>(units: impl Iterator<Item = &'a LoadedUnit> + Clone) -> Result<Vec<String>, Refusal> {
    Ok(Harness::of(units.enumerate())?.tests.into_iter().map(|test| test.name).collect())
}

/// Functions that run a list of tests.
fn mains(unit: &LoadedUnit) -> impl Iterator<Item = GlobalId> + '_ {
    let globals = unit.unit.module.globals.iter();
    let runs = globals.filter(|it| it.name.contains(RUN_TESTS_STEM) && RUN_TESTS.contains(&&*demangled(&it.name)));
    runs.flat_map(move |runs| {
        let calls = |symbol: GlobalId| unit.global(symbol).name == runs.name;
        let functions = unit.unit.functions.iter();
        functions.filter(move |it| it.symbols.iter().any(|symbol| calls(symbol.global))).map(|it| it.global)
    })
}

/// What a constant without a name holds.
fn init_of(unit: &LoadedUnit, id: GlobalId) -> Option<&Init> {
    let global = unit.global(id);
    match &global.kind {
        GlobalKind::Variable(variable) if is_anonymous(global) => variable.init.as_ref(),
        _ => None,
    }
}

/// The name of the test that a constant describes. It leads to the `FnOnce::call_once` of a closure, and to no other function; the
/// closure stands in a constant that is called like the test; and one of the texts that it leads to is that name.
fn name_of<'a>(
    unit: &'a LoadedUnit,
    description: GlobalId,
    mut units: impl Iterator<Item = (usize, &'a LoadedUnit)>,
) -> Option<String> {
    let is_function = |id: &GlobalId| matches!(unit.global(*id).kind, GlobalKind::Function { .. });
    let targets = init_of(unit, description)?.pointers.iter().map(|pointer| pointer.target);
    let mut functions = targets.filter(is_function);
    let (Some(function), None) = (functions.next(), functions.next()) else { return None };
    let name = &unit.global(function).name;
    let own = unit.function(function).map(|number| (unit, number));
    let is_visible = |unit: &LoadedUnit, id: GlobalId| unit.global(id).linkage != Linkage::Local;
    let defined = |unit: &'a LoadedUnit| {
        let number = unit.unit.functions.iter().position(|it| unit.global(it.global).name == *name)?;
        is_visible(unit, unit.unit.functions[number].global).then_some((unit, number))
    };
    let (place, number) = own.or_else(|| units.find_map(|(_, unit)| defined(unit)))?;
    let symbols = &place.unit.functions[number].symbols;
    let mut names = symbols.iter().filter_map(|symbol| test_of_closure(&demangled(&place.global(symbol.global).name)));
    let (Some(path), None) = (names.next(), names.next()) else { return None };
    let pointers = init_of(unit, description)?.pointers.iter().filter(|pointer| pointer.addend == 0);
    let mut spellings = pointers.filter_map(|pointer| text_of(unit, pointer.target)).filter(|text| plain(text) == path);
    let name = spellings.next()?;
    // (What a test is to panic with may be its name as well.)
    spellings.all(|other| other == name).then(|| name.to_owned())
}

/// A constant without a name that is a text.
fn text_of(unit: &LoadedUnit, id: GlobalId) -> Option<&str> {
    let init = init_of(unit, id).filter(|init| init.pointers.is_empty())?;
    std::str::from_utf8(&init.bytes).ok()
}

/// A path without the marks of raw identifiers.
fn plain(path: &str) -> String {
    path.split("::").map(|word| word.strip_prefix("r#").unwrap_or(word)).collect::<Vec<_>>().join("::")
}

/// `tests::adds` of `app::tests::adds::{{closure}}`.
fn test_of_closure(path: &str) -> Option<String> {
    let path = path.strip_suffix("::{{closure}}").or_else(|| path.strip_suffix("::{closure#0}"))?;
    Some(path.split_once("::")?.1.to_owned())
}

/// The module of tests that stand for such as the program has already: see `server/src/core/lanes/patch/harness.ts`.
const STAND_IN: &str = "__cranefly_tests::";

/// A patch crate's list of tests as it is to be in the program.
#[derive(Debug)]
pub struct NewList {
    /// The list's constant in the patch crate, if there are tests, and what it is to hold there.
    pub list: Option<(GlobalId, Init)>,
    /// Descriptions of the patch crate that stand for the program's, with these.
    pub stand_ins: Vec<(GlobalId, GlobalId)>,
}

/// Puts the program's tests, but for those that are `gone`, in the places of the patch crate's that stand for them, and sorts all as rustc
/// does.
pub fn merged(program: &Harness<'_>, patch: &Harness<'_>, gone: &[String]) -> Result<NewList, Refusal> {
    let is_gone = |test: &&Test| gone.contains(&test.name);
    if program.tests.iter().filter(is_gone).count() != gone.len() {
        return Err(Refusal::Tests);
    }
    let left: Vec<&Test> = program.tests.iter().filter(|test| !is_gone(test)).collect();
    let (places, new): (Vec<&Test>, Vec<&Test>) = patch.tests.iter().partition(|test| test.name.starts_with(STAND_IN));
    if places.len() != left.len() {
        return Err(Refusal::Tests);
    }
    let stand_ins = places.iter().zip(&left).map(|(place, test)| (place.description, test.description)).collect();
    let named = places.iter().zip(&left).map(|(place, test)| (&*test.name, place.description));
    let mut all: Vec<(&str, GlobalId)> = named.chain(new.iter().map(|test| (&*test.name, test.description))).collect();
    all.sort();
    if all.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(Refusal::Tests);
    }
    let list = patch.list.map(|(id, init)| {
        let targets = all.iter().map(|(_, description)| *description);
        let pointers = init.pointers.iter().zip(targets);
        let pointers = pointers.map(|(pointer, target)| InitPointer { target, ..pointer.clone() }).collect();
        (id, Init { pointers, ..init.clone() })
    });
    Ok(NewList { list, stand_ins })
}
