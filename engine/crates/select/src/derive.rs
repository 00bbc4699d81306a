//! Units made from units: the crate lane's without what was replaced, the body lane's with nothing but what was taken.
//!
//! Numbers of globals stay the same, since the functions' bodies, which are read again when they are compiled, use them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cranefly_bitcode::ir::{Global, GlobalId, GlobalKind, Init, Linkage, Module, Subprogram, Variable};
use cranefly_cgu::{CodegenUnit, FunctionInfo, LoadedUnit, LocalOf, global_id};

/// Begins the ids of units of the body lane.
const PREFIX: &str = "body:";

/// How a unit is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A crate lane's unit: the functions that it does not define any more, since they are the body lane's.
    Crate(BTreeSet<GlobalId>),
    /// A body lane's unit: the globals that it keeps.
    Body(BTreeMap<GlobalId, Kept>),
}

/// A global of the body lane's as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Of a definition; `None` for what is only referred to.
    pub linkage: Option<Linkage>,
    /// Its name in the program.
    pub name: Arc<str>,
    /// An edited function's debug info in the crate lane, which has the names that a debugger shows.
    pub subprogram: Option<Arc<Subprogram>>,
    /// What is only referred to, if the crate lane has it in one of its units only.
    pub local: Option<LocalOf>,
    /// Names of the copies that other crates had made for themselves: they are it from now on.
    pub copies: Vec<Arc<str>>,
    /// A variable's initial contents, if they are others than in the unit.
    pub init: Option<Init>,
}

/// Units that were derived for the last generation. One that is derived in the same way again is the same value, so that
/// the image has nothing to do for it.
#[derive(Debug, Default)]
pub struct DerivedUnits(Vec<(Arc<LoadedUnit>, Change, Arc<LoadedUnit>)>);

impl DerivedUnits {
    /// Derives units from `sources`; what was derived before and is not any more is forgotten.
    pub fn derive(&mut self, sources: Vec<(Arc<LoadedUnit>, Change)>) -> Vec<Arc<LoadedUnit>> {
        let old = std::mem::take(&mut self.0);
        for (source, change) in sources {
            let known = old.iter().find(|(known, how, _)| Arc::ptr_eq(known, &source) && *how == change);
            let derived = known.map_or_else(|| derive(&source, &change), |(_, _, derived)| derived.clone());
            self.0.push((source, change, derived));
        }
        self.0.iter().map(|(_, _, derived)| derived.clone()).collect()
    }
}

fn derive(source: &LoadedUnit, change: &Change) -> Arc<LoadedUnit> {
    let unit = &source.unit;
    let mut bound = BTreeMap::new();
    let (id, module, assembly) = match change {
        Change::Crate(replaced) => {
            let mut module = unit.module.clone();
            for id in replaced {
                let global = &mut module.globals[id.0 as usize];
                global.kind = GlobalKind::Function { defined: false };
                global.linkage = Linkage::External;
            }
            (unit.id.clone(), module, unit.assembly.clone())
        }
        Change::Body(kept) => {
            let globals = unit.module.globals.iter().enumerate();
            let globals = globals.map(|(number, global)| body_global(global, kept.get(&global_id(number))));
            // Behind all others, so that these keep their numbers.
            let globals = globals.chain(kept.iter().flat_map(copies)).collect();
            bound.extend(kept.iter().filter_map(|(id, kept)| Some((*id, kept.local.clone()?))));
            (format!("{PREFIX}{}", unit.id).into(), Module { globals, ..Module::default() }, None)
        }
    };
    let described = |number: usize| -> Arc<FunctionInfo> {
        let function = unit.functions[number].clone();
        let Change::Body(kept) = change else { return function };
        let Some(kept) = kept.get(&function.global) else { return function };
        if kept.name == unit.module.globals[function.global.0 as usize].name {
            return function;
        }
        let subprogram = function.subprogram.as_ref().map(|it| renamed(it, kept));
        Arc::new(FunctionInfo { subprogram, ..FunctionInfo::clone(&function) })
    };
    let keeps =
        |global: GlobalId| matches!(module.globals[global.0 as usize].kind, GlobalKind::Function { defined: true });
    let kept: Vec<usize> = (0..unit.functions.len()).filter(|&number| keeps(unit.functions[number].global)).collect();
    LoadedUnit::derived(
        CodegenUnit {
            id,
            assembly,
            functions: kept.iter().map(|&number| described(number)).collect(),
            module,
            bound,
            is_body_lane: matches!(change, Change::Body(_)),
        },
        source.path.clone(),
        source.bitcode.clone(),
        *source.digest(),
        kept.iter().map(|&number| source.times()[number]).collect(),
        kept.iter().map(|&number| source.shapes()[number]).collect(),
    )
}

/// A function's debug info with the names that it has in the program.
fn renamed(subprogram: &Subprogram, kept: &Kept) -> Arc<Subprogram> {
    let (name, namespace) = match &kept.subprogram {
        Some(own) => (own.name.clone(), own.namespace.clone()),
        None => (subprogram.name.clone(), subprogram.namespace.clone()),
    };
    Arc::new(Subprogram { name, namespace, linkage_name: kept.name.clone(), ..subprogram.clone() })
}

fn copies<'a>((&target, kept): (&'a GlobalId, &'a Kept)) -> impl Iterator<Item = Global> + use<'a> {
    kept.copies.iter().map(move |name| Global {
        name: name.clone(),
        linkage: Linkage::External,
        hidden: true,
        kind: GlobalKind::Alias { target, offset: 0 },
    })
}

fn body_global(global: &Global, kept: Option<&Kept>) -> Global {
    match kept {
        Some(Kept { linkage: Some(linkage), name, init, .. }) => {
            let kind = match (&global.kind, init) {
                (GlobalKind::Variable(variable), Some(init)) => {
                    GlobalKind::Variable(Box::new(Variable { init: Some(init.clone()), ..(**variable).clone() }))
                }
                (kind, _) => kind.clone(),
            };
            Global { linkage: *linkage, name: name.clone(), kind, ..global.clone() }
        }
        Some(Kept { linkage: None, name, .. }) => Global {
            name: name.clone(),
            kind: match &global.kind {
                GlobalKind::Variable(variable) => {
                    GlobalKind::Variable(Box::new(Variable { init: None, ..(**variable).clone() }))
                }
                GlobalKind::Function { .. } | GlobalKind::Alias { .. } => GlobalKind::Function { defined: false },
            },
            linkage: if global.linkage == Linkage::ExternWeak { Linkage::ExternWeak } else { Linkage::External },
            ..global.clone()
        },
        // Nobody refers to it: a name that nobody has, so that the image does not look for it.
        None => Global {
            name: "".into(),
            linkage: Linkage::ExternWeak,
            hidden: true,
            kind: GlobalKind::Function { defined: false },
        },
    }
}
