//! How much room a program needs in an image, and what of it no image has a place for: found out of its units one by one, before
//! anything else is done with them.

use std::sync::Arc;

use cranefly_bitcode::ir::{Global, GlobalKind, Variable};
use cranefly_cgu::{CodegenUnit, is_definition};
use hashbrown::HashSet;
use object::{Object, ObjectSection, ObjectSymbol, RelocationFlags, elf};

use crate::Error;
use crate::error::LinkerOnly;
use crate::file::demand::{Demand, add};
use crate::file::layout::Layout;
use crate::file::region::{PAGE, Region};
use crate::file::room::Room;
use crate::input::globals;
use crate::input::object_file::{Assembly, Home};
use crate::input::section::SectionKind;

/// What a unit adds to a program's demand.
#[derive(Clone, Debug)]
pub struct UnitDemand {
    demand: Demand,
    refused: Option<LinkerOnly>,
}

impl UnitDemand {
    /// Looks through a unit.
    pub fn of(unit: &Arc<CodegenUnit>) -> Self {
        let mut demand = Demand { functions: unit.functions.len() as u64, ..Demand::default() };
        unit.functions.iter().for_each(|function| add(&mut demand.weight, function.weight.into()));
        let mut refused = None;
        for global in unit.module.globals.iter().filter(|global| is_definition(global)) {
            match &global.kind {
                GlobalKind::Function { .. } => add(&mut demand.name_bytes, name_bytes(global)),
                GlobalKind::Variable(variable) => {
                    add(&mut demand.variable_name_bytes, name_bytes(global));
                    if let Err(reason) = add_variable(&mut demand, variable) {
                        refused.get_or_insert(reason);
                    }
                }
                GlobalKind::Alias { .. } => {}
            }
        }
        // An object that cannot be read is an error when it is placed.
        if let Ok(Some(assembly)) = Assembly::of(unit)
            && let Err(Error::LinkerOnly(reason)) = add_assembly(&mut demand, &assembly)
        {
            refused.get_or_insert(reason);
        }
        Self { demand, refused }
    }

    /// What it needs.
    pub fn demand(&self) -> &Demand {
        &self.demand
    }

    /// Refuses a program of such units that no image can hold, or that has something in it which only a linker can place.
    ///
    /// # Errors
    /// [`Error::TooLarge`] and [`Error::LinkerOnly`].
    pub fn check<'a>(units: impl IntoIterator<Item = &'a Self>) -> Result<(), Error> {
        let mut demand = Demand::default();
        for unit in units {
            if let Some(reason) = &unit.refused {
                return Err(Error::LinkerOnly(reason.clone()));
            }
            demand += &unit.demand;
        }
        Ok(Layout::new(&demand, &Room::default()).map(drop)?)
    }
}

/// What a program needs room for. `each`: that of `units`.
pub fn demand<'a>(units: &[Arc<CodegenUnit>], each: impl IntoIterator<Item = &'a UnitDemand>) -> Demand {
    let mut demand = Demand::default();
    each.into_iter().for_each(|unit| demand += &unit.demand);
    let all = || units.iter().flat_map(|unit| &unit.module.globals);
    let mut known: HashSet<&str> = all().filter(|global| is_definition(global)).map(|global| &*global.name).collect();
    for global in all().filter(|global| !is_definition(global)) {
        if known.insert(&global.name) {
            add(&mut demand.imports, 1);
            add(&mut demand.import_name_bytes, name_bytes(global));
        }
    }
    demand
}

fn name_bytes(global: &Global) -> u64 {
    global.name.len() as u64 + 1
}

fn add_variable(demand: &mut Demand, variable: &Variable) -> Result<(), LinkerOnly> {
    let kind = globals::kind_of(variable).map_err(|_| LinkerOnly::of_static(variable))?;
    if variable.align > PAGE && !variable.thread_local {
        LinkerOnly::check_alignment(variable.align)?;
    }
    add(&mut demand.pointers, variable.init.as_ref().map_or(0, |init| init.pointers.len() as u64));
    let bytes = variable.size.saturating_add(variable.align);
    let region = globals::region_of(variable, u64::MAX);
    match (kind, region) {
        (SectionKind::InitArray(_), _) => add(&mut demand.fixed[Region::InitArray as usize], bytes),
        (SectionKind::FiniArray(_), _) => add(&mut demand.fixed[Region::FiniArray as usize], bytes),
        (SectionKind::Group(_), _) => add_group(demand, bytes),
        (_, Region::Text) => add(&mut demand.fixed[region as usize], bytes),
        (_, Region::Tdata) => {
            add(&mut demand.fixed[region as usize], bytes);
            add(&mut demand.cells, 1);
        }
        _ => {
            let variables = demand.of_size(variable.size);
            let sum = match region {
                Region::Bss => &mut variables.zeros,
                _ if globals::is_zero(variable) && variable.constant => &mut variables.zero_constants,
                _ if globals::is_zero(variable) => &mut variables.small_zeros,
                Region::Rodata => &mut variables.constants,
                Region::DataRelRo => &mut variables.relocated,
                _ => &mut variables.data,
            };
            add(sum, bytes);
            add(&mut variables.count, 1);
        }
    }
    Ok(())
}

/// What lies side by side with others is in one of two regions, by what the others are.
fn add_group(demand: &mut Demand, bytes: u64) {
    for region in [Region::Rodata, Region::Data] {
        add(&mut demand.fixed[region as usize], bytes);
    }
}

fn add_assembly(demand: &mut Demand, assembly: &Assembly) -> Result<(), Error> {
    for section in assembly.elf.sections() {
        let home = assembly.home(&section)?;
        let bytes = section.size().saturating_add(section.align());
        match home {
            Home::Nowhere => continue,
            Home::Frames => add(&mut demand.fixed[Region::EhFrame as usize], bytes),
            Home::Region(region) => {
                if region != Region::Tdata && section.align() > PAGE {
                    LinkerOnly::check_alignment(section.align()).map_err(Error::LinkerOnly)?;
                }
                add(&mut demand.fixed[region as usize], bytes);
            }
            Home::Group(SectionKind::InitArray(_)) => add(&mut demand.fixed[Region::InitArray as usize], bytes),
            Home::Group(SectionKind::FiniArray(_)) => add(&mut demand.fixed[Region::FiniArray as usize], bytes),
            Home::Group(_) => add_group(demand, bytes),
        }
        for (_, relocation) in section.relocations() {
            match relocation.flags() {
                RelocationFlags::Elf { r_type: elf::R_X86_64_64 } => add(&mut demand.pointers, 1),
                RelocationFlags::Elf { r_type: elf::R_X86_64_PC32 } => {}
                _ => add(&mut demand.cells, 1),
            }
        }
    }
    for symbol in assembly.elf.symbols() {
        let kind = symbol.elf_symbol().st_type();
        if symbol.is_undefined() || matches!(kind, elf::STT_FILE | elf::STT_SECTION) {
            continue;
        }
        let name = symbol.name().map_err(|error| assembly.broken(error))?;
        assembly.check_symbol(&symbol, name)?;
        add(&mut demand.assembly_symbols, 1);
        add(&mut demand.name_bytes, name.len() as u64 + 1);
    }
    Ok(())
}
