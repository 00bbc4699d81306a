//! Whether a base image is the one that a linker would make for a program.

use std::sync::Arc;

use cranefly_cgu::LoadedUnit;
use cranefly_image::{BaseImage, Interface, UnitInterface};
use tracing::debug_span;

use crate::error::Error;

/// Whether a linker would make the same base image for a program of these units.
pub fn is_linked_for(base: &BaseImage, units: &[Arc<LoadedUnit>]) -> bool {
    let _span = debug_span!("interface").entered();
    let modules = units.iter().map(|unit| &*unit.unit);
    base.is_linked_for(units.iter().map(|unit| UnitInterface::of_loaded(unit)))
        && !base.linked().is_some_and(|linked| linked.is_doubtful_for(modules))
}

/// The base image, if there is one, is not one for these units; tells what it must be linked for.
pub fn not_linked_for(base: Option<&BaseImage>, units: &[Arc<LoadedUnit>]) -> Error {
    let interface = Interface::of(units.iter().map(|unit| UnitInterface::of_loaded(unit)));
    let modules = || units.iter().map(|unit| &*unit.unit);
    let is_doubtful = base.and_then(BaseImage::linked).is_some_and(|linked| linked.is_doubtful_for(modules()));
    Error::Interface(Box::new(if is_doubtful { interface.with_references(modules()) } else { interface }))
}
