//! The codegen units of one generation, in link order and by id.

use std::collections::HashMap;
use std::sync::Arc;

use cranefly_cgu::{CodegenUnit, LoadedUnit};
use cranefly_image::{Demand, UnitDemand};

/// What a generation consists of.
#[derive(Debug, Default)]
pub struct UnitSet {
    units: Vec<Arc<LoadedUnit>>,
    /// The same, as the image takes them.
    inputs: Vec<Arc<CodegenUnit>>,
    by_id: HashMap<Arc<str>, usize>,
}

impl UnitSet {
    /// Of units in link order.
    pub fn new(units: Vec<Arc<LoadedUnit>>) -> Self {
        let inputs = units.iter().map(|unit| unit.unit.clone()).collect();
        let by_id = units.iter().enumerate().map(|(number, unit)| (unit.unit.id.clone(), number)).collect();
        Self { units, inputs, by_id }
    }

    /// The units, in link order.
    pub fn units(&self) -> &[Arc<LoadedUnit>] {
        &self.units
    }

    /// The units as the image takes them, in link order.
    pub fn inputs(&self) -> &[Arc<CodegenUnit>] {
        &self.inputs
    }

    /// The unit with this id.
    pub fn get(&self, id: &str) -> Option<&Arc<LoadedUnit>> {
        self.by_id.get(id).map(|&number| &self.units[number])
    }

    /// What each unit needs in an image.
    pub fn each_demand(&self) -> impl Iterator<Item = &UnitDemand> {
        self.units.iter().map(|unit| demand_of(unit))
    }

    /// What all of them need in an image, but for what they import.
    pub fn demand(&self) -> Demand {
        let mut all = Demand::default();
        self.each_demand().for_each(|unit| all += unit.demand());
        all
    }

    /// Functions that the units define.
    pub fn functions(&self) -> u64 {
        self.inputs.iter().map(|unit| unit.functions.len() as u64).sum()
    }
}

/// What a unit needs in an image; found out once.
pub(crate) fn demand_of(unit: &LoadedUnit) -> &UnitDemand {
    unit.attached(|_| UnitDemand::of(&unit.unit))
}
