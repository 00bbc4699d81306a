//! How much room a program needs in an image.

use std::sync::Arc;

use cranefly_bitcode::ir::GlobalKind;
use cranefly_cgu::CodegenUnit;

use crate::file::layout::{Demand, Region};
use crate::input::globals;
use crate::input::object_file;
use crate::input::section::SectionKind;

/// What a program needs room for.
pub fn demand(units: &[Arc<CodegenUnit>], scale: u64) -> Demand {
    let mut demand = Demand { scale, ..Demand::default() };
    for bytes in units.iter().filter_map(|unit| unit.assembly.as_deref()) {
        object_file::add_demand(bytes, &mut demand);
    }
    for global in units.iter().flat_map(|unit| &unit.module.globals) {
        demand.name_bytes += global.name.len() as u64 + 1;
        match &global.kind {
            GlobalKind::Function { defined: true } => demand.functions += 1,
            GlobalKind::Variable(variable) if variable.init.is_some() => {
                demand.variables += 1;
                demand.pointers += variable.init.as_ref().map_or(0, |init| init.pointers.len() as u64);
                let [constants, others, zeros] = &mut demand.far_bytes;
                let kind = globals::kind_of(variable);
                let in_group = kind != Ok(SectionKind::Ordinary);
                let bytes = match globals::region_of(variable) {
                    _ if matches!(kind, Ok(SectionKind::InitArray(_) | SectionKind::FiniArray(_))) => {
                        &mut demand.array_bytes
                    }
                    _ if in_group => &mut demand.data_bytes,
                    Region::Bss => &mut demand.zero_bytes,
                    Region::Tdata => &mut demand.tls_bytes,
                    Region::FarRodata => constants,
                    Region::FarData => others,
                    Region::FarBss => zeros,
                    _ => &mut demand.data_bytes,
                };
                *bytes += variable.size + variable.align;
            }
            _ => demand.imports += 1,
        }
    }
    demand
}
