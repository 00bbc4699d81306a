//! The build id: another one for every program that is not the same.

use std::sync::Arc;

use cranefly_image::{BUILD_ID_SIZE, BaseImage, Contents};
use rayon::prelude::*;

use super::options::ProgramOptions;
use cranefly_cgu::Digest;
use cranefly_cgu::LoadedUnit;

/// The build id of what consists of these units, in this order.
pub fn build_id(units: &[Arc<LoadedUnit>], options: &ProgramOptions, base: &BaseImage) -> [u8; BUILD_ID_SIZE] {
    let digests: Vec<&Digest> = units.par_iter().map(|unit| unit.digest()).collect();
    let mut hasher = blake3::Hasher::new();
    hasher.update(options.code.configuration().as_bytes()).update(base.path().as_os_str().as_encoded_bytes());
    let Contents { debug_info, names, all_exported } = options.contents;
    hasher.update(&[options.full_debug_info, debug_info, names, all_exported].map(u8::from));
    for (unit, digest) in units.iter().zip(digests) {
        hasher.update(unit.unit.id.as_bytes()).update(digest.as_bytes());
        // What the body lane has replaced is not in the bitcode.
        for function in &unit.unit.functions {
            hasher.update(&function.key.to_le_bytes());
        }
    }
    let mut build_id = [0; BUILD_ID_SIZE];
    hasher.finalize_xof().fill(&mut build_id);
    build_id
}
