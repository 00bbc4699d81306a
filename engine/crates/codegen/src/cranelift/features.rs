//! `target-features` and `target-cpu` of a function as Cranelift settings.

use std::collections::BTreeSet;

use cranefly_bitcode::ir;
use cranefly_translate::Unsupported;

/// Attributes that ask for what every function gets anyway, or that only inform LLVM's optimisers.
const HARMLESS: [&str; 9] = [
    "alloc-family",
    "alloc-variant-zeroed",
    "frame-pointer",
    "no-builtins",
    "no-jump-tables",
    "no-trapping-math",
    "probe-stack",
    "target-cpu",
    "tune-cpu",
];

/// Beginnings of the names of features that only say which instructions there are. (Switching off SSE, or `soft-float`, would
/// change how floats are passed.)
const INSTRUCTIONS: [&str; 42] = [
    "adx",
    "aes",
    "amx",
    "avx",
    "clflushopt",
    "clwb",
    "cmpccxadd",
    "crc32",
    "cx16",
    "cx8",
    "evex512",
    "f16c",
    "fma",
    "fsgsbase",
    "fxsr",
    "gfni",
    "invpcid",
    "kl",
    "mmx",
    "movbe",
    "movdir",
    "pclmul",
    "pku",
    "prefer-",
    "prfchw",
    "rdpid",
    "rdrnd",
    "rdseed",
    "rtm",
    "sahf",
    "sha",
    "shstk",
    "sm3",
    "sm4",
    "sse4a",
    "tbm",
    "vaes",
    "vpclmulqdq",
    "waitpkg",
    "widekl",
    "xop",
    "xsave",
];

/// Cranelift's settings (comma-separated, sorted) for what a function may use beyond x86-64's SSE2.
pub(super) fn of(source: &ir::Function) -> Result<String, Unsupported> {
    settings(&source.attributes)
}

fn settings(attributes: &[String]) -> Result<String, Unsupported> {
    let mut enabled = BTreeSet::new();
    for attribute in attributes {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        match key {
            "target-cpu" if !matches!(value, "x86-64" | "generic" | "") => {
                return Err(Unsupported::new(format!("target CPU {value}")));
            }
            "target-features" => {
                for feature in value.split(',').filter(|feature| !feature.is_empty()) {
                    let name = feature.get(1..).unwrap_or("");
                    match setting(name) {
                        // What is switched off need not be used; what is on may, and never must, be.
                        Some(setting) if feature.starts_with('+') => drop(enabled.insert(setting)),
                        Some(_) => {}
                        None if matches!(feature, "+sse" | "+sse2" | "+x87" | "+64bit") => {}
                        None if INSTRUCTIONS.iter().any(|family| name.starts_with(family)) => {}
                        None => return Err(Unsupported::new(format!("target feature {feature}"))),
                    }
                }
            }
            _ if HARMLESS.contains(&key) => {}
            // Instrumentation and hardening that only LLVM can add, and what nobody knows here.
            _ => return Err(Unsupported::new(format!("function attribute {key}"))),
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

#[cfg(test)]
mod tests {
    use super::settings;

    fn of(attributes: &[&str]) -> Result<String, String> {
        let attributes: Vec<String> = attributes.iter().map(|&attribute| attribute.to_owned()).collect();
        settings(&attributes).map_err(|error| error.0.into_owned())
    }

    #[test]
    fn features_are_settings() {
        assert_eq!(
            of(&["target-features=+sse4.1,+avx2,-bmi", "target-cpu=x86-64"]),
            Ok("has_sse3,has_sse41,has_ssse3".into())
        );
        assert_eq!(of(&["probe-stack=inline-asm", "frame-pointer=non-leaf"]), Ok(String::new()));
    }

    #[test]
    fn what_is_not_known_is_llvms() {
        assert_eq!(of(&["target-features=+soft-float"]), Err("target feature +soft-float".into()));
        assert_eq!(of(&["target-features=-sse2"]), Err("target feature -sse2".into()));
        assert_eq!(
            of(&["instrument-function-entry-inlined=mcount"]),
            Err("function attribute instrument-function-entry-inlined".into())
        );
        assert_eq!(of(&["attribute 97"]), Err("function attribute attribute 97".into()));
        assert_eq!(of(&["parameter=inreg"]), Err("function attribute parameter".into()));
        assert!(of(&["target-cpu=znver4"]).is_err());
    }
}
