//! `status`: what the daemon holds.

use std::sync::atomic::Ordering;

use cranefly_cache::Key;
use cranefly_wire::{CacheStatus, MemoryStatus, ProgramStatus, StatusResult, TierCounts};

use super::functions::count_tier;
use crate::engine::Engine;
use crate::programs::resident_bytes;

/// What there is.
pub fn status(engine: &Engine) -> StatusResult {
    let (serve, store) = (&engine.resources().serve, &engine.compile().store);
    let size = store.size();
    let programs: Vec<ProgramStatus> = engine
        .programs()
        .status()
        .into_iter()
        .map(|((workspace, program), status)| ProgramStatus {
            workspace,
            program,
            generation: status.generation,
            functions: status.functions,
            image: status.image,
            image_bytes: status.image_bytes,
        })
        .collect();
    let (image_limit_bytes, memory_limit_bytes) = engine.programs().limits();
    StatusResult {
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        uptime_ms: u64::try_from(engine.uptime().as_millis()).unwrap_or(u64::MAX),
        toolchain: engine.sysroot().to_owned(),
        cache: CacheStatus { hits: engine.hits(), misses: store.inserted(), evictions: store.evicted() },
        tiers: tiers(engine),
        memory: MemoryStatus {
            rss_bytes: resident_bytes(),
            cache_functions: size.functions,
            cache_bytes: size.bytes,
            first_calls: serve.first_calls.load(Ordering::Relaxed),
            image_bytes: programs.iter().map(|program| program.image_bytes).sum(),
            cache_limit_bytes: store.limit(),
            image_limit_bytes,
            memory_limit_bytes,
        },
        programs,
    }
}

/// Functions of all programs by who compiled them.
fn tiers(engine: &Engine) -> TierCounts {
    let views = engine.programs().views();
    let keys = views.iter().flat_map(|view| view.functions()).map(|function| Key(function.info().key));
    let mut counts = TierCounts::default();
    engine.compile().store.look(keys, |compiled| count_tier(&mut counts, compiled));
    counts
}
