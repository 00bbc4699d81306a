//! `target-features` and `target-cpu` of a function as Cranelift settings.

use std::collections::BTreeSet;

use cranefly_bitcode::ir;
use cranefly_translate::Unsupported;

/// Cranelift's settings (comma-separated, sorted) for what a function may use beyond x86-64's SSE2.
pub(super) fn of(source: &ir::Function) -> Result<String, Unsupported> {
    let mut enabled = BTreeSet::new();
    for attribute in &source.attributes {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        match key {
            "target-cpu" if !matches!(value, "x86-64" | "generic" | "") => {
                return Err(Unsupported::new(format!("target CPU {value}")));
            }
            "target-features" => {
                for feature in value.split(',') {
                    // What is switched off need not be used; what is on may, and never must, be.
                    if let Some(setting) = feature.strip_prefix('+').and_then(setting) {
                        enabled.insert(setting);
                    }
                }
            }
            // Instrumentation and hardening that only LLVM can add.
            "ssp"
            | "sspreq"
            | "sspstrong"
            | "safestack"
            | "shadowcallstack"
            | "returns_twice"
            | "strictfp"
            | "speculative_load_hardening"
            | "nocf_check"
            | "alignstack"
            | "presplitcoroutine"
            | "noredzone"
            | "noimplicitfloat"
            | "naked" => return Err(Unsupported::new(format!("function attribute {key}"))),
            _ if key.starts_with("sanitize_") || key.starts_with("patchable-function") || key == "fentry-call" => {
                return Err(Unsupported::new(format!("function attribute {key}")));
            }
            // `frame-pointer`, `probe-stack` and the like ask for what every function gets anyway.
            _ => {}
        }
    }
    // Cranelift knows these only in the order in which processors gained them.
    let order = ["has_sse3", "has_ssse3", "has_sse41", "has_sse42"];
    if let Some(last) = order.iter().rposition(|setting| enabled.contains(setting)) {
        enabled.extend(&order[..last]);
    }
    Ok(enabled.into_iter().collect::<Vec<_>>().join(","))
}

/// Cranelift's name of a feature that changes nothing but which instructions may be used. AVX is left out: no
/// function that gets here has 256-bit values in registers, and SSE code is right in any of them.
fn setting(feature: &str) -> Option<&'static str> {
    Some(match feature {
        "sse3" => "has_sse3",
        "ssse3" => "has_ssse3",
        "sse4.1" => "has_sse41",
        "sse4.2" => "has_sse42",
        "popcnt" => "has_popcnt",
        "lzcnt" => "has_lzcnt",
        "bmi" => "has_bmi1",
        "bmi2" => "has_bmi2",
        _ => return None,
    })
}
