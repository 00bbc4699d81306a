//! `target-features` and `target-cpu` of a function as Cranelift settings.

use std::collections::BTreeSet;

use cranefly_bitcode::ir::{self, Attribute, AttributeOf};
use cranefly_bitcode::known_attributes::{self, Treatment};
use cranefly_translate::Unsupported;

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

fn settings(attributes: &[Attribute]) -> Result<String, Unsupported> {
    let mut enabled = BTreeSet::new();
    for attribute in attributes {
        let value = &*attribute.value;
        let treatment = match attribute.on {
            AttributeOf::Function if attribute.enumerated => known_attributes::enumerated(&attribute.name),
            AttributeOf::Function => known_attributes::textual(&attribute.name),
            // Those of parameters that are known have a decoded form.
            AttributeOf::Parameter => None,
        };
        match treatment {
            Some(Treatment::Processor) if matches!(value, "x86-64" | "generic" | "") => {}
            Some(Treatment::Processor) => return Err(Unsupported::new(format!("target CPU {value}"))),
            Some(Treatment::Features) => {
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
            Some(Treatment::Nothing | Treatment::Decoded(_)) => {}
            // What only LLVM can do, and what nobody knows here.
            Some(Treatment::Llvm) | None => return Err(Unsupported::new(attribute.to_string())),
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
    use cranefly_bitcode::ir::{Attribute, AttributeOf};
    use cranefly_translate::Unsupported;

    use super::settings;

    fn attribute(on: AttributeOf, enumerated: bool, name: &str, value: &str) -> Attribute {
        Attribute { on, enumerated, name: name.into(), value: value.into() }
    }

    fn textual(name: &str, value: &str) -> Attribute {
        attribute(AttributeOf::Function, false, name, value)
    }

    fn refused(what: &'static str) -> Result<String, Unsupported> {
        Err(Unsupported::new(what))
    }

    #[test]
    fn features_are_settings() {
        let attributes = [textual("target-features", "+sse4.1,+avx2,-bmi"), textual("target-cpu", "x86-64")];
        assert_eq!(settings(&attributes), Ok("has_sse3,has_sse41,has_ssse3".into()));
        let attributes = [textual("probe-stack", "inline-asm"), textual("frame-pointer", "non-leaf")];
        assert_eq!(settings(&attributes), Ok(String::new()));
    }

    #[test]
    fn what_is_not_known_is_llvms() {
        let of = |attribute| settings(&[attribute]);
        assert_eq!(of(textual("target-features", "+soft-float")), refused("target feature +soft-float"));
        assert_eq!(of(textual("target-features", "-sse2")), refused("target feature -sse2"));
        assert_eq!(of(textual("target-cpu", "znver4")), refused("target CPU znver4"));
        let instrumented = textual("instrument-function-entry-inlined", "mcount");
        assert_eq!(of(instrumented), refused("function attribute instrument-function-entry-inlined=mcount"));
        // The name of an attribute that LLVM has a number for says nothing of a text, and the other way round.
        assert_eq!(of(textual("noinline", "")), refused("function attribute noinline"));
        let enumerated = |name| attribute(AttributeOf::Function, true, name, "");
        assert_eq!(of(enumerated("frame-pointer")), refused("function attribute frame-pointer"));
        assert_eq!(of(enumerated("number 97")), refused("function attribute number 97"));
        assert_eq!(of(enumerated("sanitize_address")), refused("function attribute sanitize_address"));
        let parameter = attribute(AttributeOf::Parameter, true, "inreg", "");
        assert_eq!(of(parameter), refused("parameter attribute inreg"));
    }
}
