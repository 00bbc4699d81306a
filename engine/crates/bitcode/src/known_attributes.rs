//! The attributes that this engine knows, and what it does about each: the one list of the reader and of the code generators.
//!
//! It is a list of what is allowed. What is not on it goes to LLVM, with the function or call that has it: a new LLVM or a new
//! rustc may have any attribute, and what it demands of machine code is not known here.

/// What there is to do about an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// The decoded form holds what it says.
    Decoded(Decoded),
    /// Nothing: it only promises something, to optimisers mostly, or asks for what every function gets anyway, or for what need
    /// not be done. The reader drops it.
    Nothing,
    /// It names the processor, and the code generator must know the one that it names.
    Processor,
    /// It names what the processor has beyond the usual, and the code generator must know all that it names.
    Features,
    /// It is LLVM's alone: it passes a parameter in another place than the calling convention does by itself, or has LLVM's
    /// code generator add something.
    Llvm,
}

/// Attributes with a decoded form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum Decoded {
    ZeroExt,
    SignExt,
    StructRet,
    ByVal,
    Align,
    NoUnwind,
}

/// Attributes that LLVM has a number for.
pub const ENUMERATED: &[(&str, Treatment)] = &[
    ("zeroext", Treatment::Decoded(Decoded::ZeroExt)),
    ("signext", Treatment::Decoded(Decoded::SignExt)),
    ("sret", Treatment::Decoded(Decoded::StructRet)),
    ("byval", Treatment::Decoded(Decoded::ByVal)),
    ("align", Treatment::Decoded(Decoded::Align)),
    ("nounwind", Treatment::Decoded(Decoded::NoUnwind)),
    ("alwaysinline", Treatment::Nothing),
    ("cold", Treatment::Nothing),
    ("hot", Treatment::Nothing),
    ("inlinehint", Treatment::Nothing),
    ("minsize", Treatment::Nothing),
    ("optsize", Treatment::Nothing),
    ("optdebug", Treatment::Nothing),
    ("optnone", Treatment::Nothing),
    ("noinline", Treatment::Nothing),
    ("noreturn", Treatment::Nothing),
    ("willreturn", Treatment::Nothing),
    ("mustprogress", Treatment::Nothing),
    ("nofree", Treatment::Nothing),
    ("nosync", Treatment::Nothing),
    ("norecurse", Treatment::Nothing),
    ("nocallback", Treatment::Nothing),
    ("nomerge", Treatment::Nothing),
    ("noduplicate", Treatment::Nothing),
    ("nodivergencesource", Treatment::Nothing),
    ("convergent", Treatment::Nothing),
    ("speculatable", Treatment::Nothing),
    ("builtin", Treatment::Nothing),
    ("nobuiltin", Treatment::Nothing),
    ("nonlazybind", Treatment::Nothing),
    ("noprofile", Treatment::Nothing),
    ("skipprofile", Treatment::Nothing),
    ("disable_sanitizer_instrumentation", Treatment::Nothing),
    ("nosanitize_bounds", Treatment::Nothing),
    ("nosanitize_coverage", Treatment::Nothing),
    ("null_pointer_is_valid", Treatment::Nothing),
    ("uwtable", Treatment::Nothing),
    ("memory", Treatment::Nothing),
    ("allockind", Treatment::Nothing),
    ("allocsize", Treatment::Nothing),
    ("vscale_range", Treatment::Nothing),
    ("noalias", Treatment::Nothing),
    ("nonnull", Treatment::Nothing),
    ("noundef", Treatment::Nothing),
    ("noext", Treatment::Nothing),
    ("dereferenceable", Treatment::Nothing),
    ("dereferenceable_or_null", Treatment::Nothing),
    ("readonly", Treatment::Nothing),
    ("readnone", Treatment::Nothing),
    ("writeonly", Treatment::Nothing),
    ("writable", Treatment::Nothing),
    ("captures", Treatment::Nothing),
    ("nocapture", Treatment::Nothing),
    ("returned", Treatment::Nothing),
    ("immarg", Treatment::Nothing),
    ("range", Treatment::Nothing),
    ("nofpclass", Treatment::Nothing),
    ("initializes", Treatment::Nothing),
    ("dead_on_unwind", Treatment::Nothing),
    ("dead_on_return", Treatment::Nothing),
    ("allocalign", Treatment::Nothing),
    ("allocptr", Treatment::Nothing),
    ("elementtype", Treatment::Nothing),
    // Parameters elsewhere; rustc does not use these on x86-64 Linux.
    ("inreg", Treatment::Llvm),
    ("nest", Treatment::Llvm),
    ("inalloca", Treatment::Llvm),
    ("preallocated", Treatment::Llvm),
    ("byref", Treatment::Llvm),
    ("swiftself", Treatment::Llvm),
    ("swifterror", Treatment::Llvm),
    ("swiftasync", Treatment::Llvm),
    // Instrumentation, hardening and special forms of functions.
    ("naked", Treatment::Llvm),
    ("ssp", Treatment::Llvm),
    ("sspreq", Treatment::Llvm),
    ("sspstrong", Treatment::Llvm),
    ("safestack", Treatment::Llvm),
    ("shadowcallstack", Treatment::Llvm),
    ("noredzone", Treatment::Llvm),
    ("noimplicitfloat", Treatment::Llvm),
    ("returns_twice", Treatment::Llvm),
    ("strictfp", Treatment::Llvm),
    ("speculative_load_hardening", Treatment::Llvm),
    ("sanitize_address", Treatment::Llvm),
    ("sanitize_hwaddress", Treatment::Llvm),
    ("sanitize_memory", Treatment::Llvm),
    ("sanitize_memtag", Treatment::Llvm),
    ("sanitize_thread", Treatment::Llvm),
    ("sanitize_realtime", Treatment::Llvm),
    ("nocf_check", Treatment::Llvm),
    ("alignstack", Treatment::Llvm),
    ("presplitcoroutine", Treatment::Llvm),
    ("jumptable", Treatment::Llvm),
];

/// Attributes that are a text with a value, whatever that is.
pub const TEXTUAL: &[(&str, Treatment)] = &[
    ("alloc-family", Treatment::Nothing),
    ("alloc-variant-zeroed", Treatment::Nothing),
    ("frame-pointer", Treatment::Nothing),
    ("no-builtins", Treatment::Nothing),
    ("no-jump-tables", Treatment::Nothing),
    ("no-trapping-math", Treatment::Nothing),
    ("probe-stack", Treatment::Nothing),
    ("tune-cpu", Treatment::Nothing),
    ("target-cpu", Treatment::Processor),
    ("target-features", Treatment::Features),
];

/// What to do about the textual attribute of this name; `None`: it is not known.
pub fn textual(name: &str) -> Option<Treatment> {
    TEXTUAL.iter().find(|(known, _)| *known == name).map(|&(_, treatment)| treatment)
}

/// What to do about the attribute of this name that LLVM has a number for; `None`: it is not known.
pub fn enumerated(name: &str) -> Option<Treatment> {
    ENUMERATED.iter().find(|(known, _)| *known == name).map(|&(_, treatment)| treatment)
}

#[cfg(test)]
mod tests {
    use super::{ENUMERATED, TEXTUAL};

    #[test]
    fn an_attribute_has_one_treatment() {
        for list in [ENUMERATED, TEXTUAL] {
            let mut names: Vec<&str> = list.iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        }
    }
}
