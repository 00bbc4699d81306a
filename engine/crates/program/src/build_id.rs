//! The build id: another one for every program that is not the same.

use std::sync::Arc;

use cranefly_cgu::LoadedUnit;
use cranefly_image::{BUILD_ID_SIZE, BaseImage, Contents};
use tracing::debug_span;

use crate::options::ProgramOptions;

/// The build id of what consists of these units, in this order.
pub fn build_id(units: &[Arc<LoadedUnit>], options: &ProgramOptions, base: &BaseImage) -> [u8; BUILD_ID_SIZE] {
    let _span = debug_span!("build id").entered();
    let mut hasher = blake3::Hasher::new();
    hasher.update(options.code.configuration().as_bytes()).update(base.path().as_os_str().as_encoded_bytes());
    let Contents { debug_info, names, all_exported } = options.contents;
    hasher.update(&[options.full_debug_info, debug_info, names, all_exported].map(u8::from));
    let mut keys = Vec::new();
    for unit in units {
        hasher.update(unit.unit.id.as_bytes()).update(unit.digest().as_bytes());
        if !unit.is_derived() {
            continue;
        }
        // What the body lane has replaced is not in the bitcode.
        keys.clear();
        keys.extend(unit.unit.functions.iter().flat_map(|function| function.key.to_le_bytes()));
        hasher.update(&keys);
    }
    let mut build_id = [0; BUILD_ID_SIZE];
    hasher.finalize_xof().fill(&mut build_id);
    build_id
}
