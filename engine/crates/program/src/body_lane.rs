//! What a publication takes of the body lane.

use std::sync::Arc;

use cranefly_cgu::LoadedUnit;
use cranefly_compile::EagerCompiler;
use cranefly_image::{BaseImage, is_allocator_entry};
use cranefly_select::{BodyUnit, Edit, EditedTests, Origin, Patch, SelectionCounts, select};
use tracing::debug_span;

use crate::error::Error;
use crate::published::Work;
use crate::reading::{Reading, read};
use crate::request::Request;
use crate::resources::Resources;
use crate::state::State;

/// The units that a program is to consist of.
#[derive(Debug)]
pub struct Taken {
    /// The crate lane's units, with what was taken of the body lane in the place of theirs.
    pub units: Vec<Arc<LoadedUnit>>,
    /// What was taken.
    pub patch: Patch,
    /// How much of it there is, if anything was edited.
    pub counts: Option<SelectionCounts>,
    /// What was read for it.
    pub work: Work,
}

impl State {
    /// Puts the body lane's functions into the crate lane's `units`.
    pub(crate) fn take_bodies(
        &mut self,
        resources: &Resources,
        request: &Request,
        base: &BaseImage,
        units: Vec<Arc<LoadedUnit>>,
    ) -> Result<Taken, Error> {
        let _span = debug_span!("select").entered();
        let (body, work) = self.read_body_lane(resources, request)?;
        let tests = request
            .body_lane
            .iter()
            .filter_map(|lane| Some(EditedTests { crate_id: &lane.own.id, gone: lane.gone_tests.as_deref()? }));
        let edit = Edit {
            tests: tests.collect(),
            functions: request.body_lane.iter().flat_map(|lane| &lane.edited).collect(),
            is_twin_behind: request.body_lane.iter().any(|lane| lane.is_twin_behind),
        };
        if edit.functions.is_empty() {
            // Read ahead of the first edit.
            if request.body_lane.iter().any(|lane| lane.is_patch()) {
                self.selections.prepare(&units, &body);
            }
            return Ok(Taken { units, patch: Patch::default(), counts: None, work });
        }
        let is_defined_outside =
            |name: &str| is_allocator_entry(name) || base.symbol(name).is_some() || base.import(name).is_some();
        let selection = select(&units, &body, &edit, &is_defined_outside, &mut self.selections)?;
        Ok(Taken { units: selection.units, patch: selection.patch, counts: Some(selection.counts), work })
    }

    fn read_body_lane(&mut self, resources: &Resources, request: &Request) -> Result<(Vec<BodyUnit>, Work), Error> {
        // Hardly anything of it is wanted: compiled is what is taken.
        let lazy = EagerCompiler::new(&resources.serve.compile, &request.options.code, 0);
        let (mut body, mut work) = (Vec::new(), Work::default());
        for lane in &request.body_lane {
            let own = if lane.is_patch() { Origin::Patch } else { Origin::Overlay };
            let before = body.len();
            for (origin, bitcode) in [(own, &lane.own), (Origin::Twin, &lane.twin)] {
                let Reading { units, work: read, .. } = read([bitcode], &resources.units, &lazy)?;
                work += read;
                body.extend(units.into_iter().map(|unit| {
                    let (crate_id, crate_name) = (lane.own.id.clone(), lane.crate_name.clone());
                    BodyUnit { unit, origin, crate_id, crate_name, distinct_types: lane.distinct_types.clone() }
                }));
            }
            let read = body[before..].iter().map(|unit: &BodyUnit| unit.unit.clone()).collect();
            self.body_units.insert((lane.own.id.clone(), lane.is_patch()), read);
        }
        Ok((body, work))
    }
}
