//! Attributes of functions, parameters and call sites, reduced to what shapes machine code.

use crate::context::{Context, borrow_text};
use crate::ffi::{Api, AttributeRef, ValueRef};
use crate::ir::{Extension, Param};
use crate::pointer_map::PointerMap;
use crate::type_table::TypeTable;
use crate::types::TypeRef;

/// `LLVMAttributeFunctionIndex`.
const FUNCTION: u32 = u32::MAX;

/// What an attribute means here.
#[derive(Clone, Debug)]
enum Meaning {
    ZeroExtend,
    SignExtend,
    StructReturn,
    ByVal(TypeRef),
    Align(u64),
    NoUnwind,
    /// Passes a parameter in another place than the calling convention does by itself.
    Unusual(&'static str),
    /// Acted on by LLVM's code generator; the text for [`crate::ir::Function::attributes`].
    Codegen(String),
    Ignored,
}

/// Parameter attributes with an ABI of their own, which rustc does not use on x86-64 Linux.
const UNUSUAL: [&str; 8] =
    ["inreg", "nest", "inalloca", "preallocated", "byref", "swiftself", "swifterror", "swiftasync"];

/// Attributes that only promise something, to optimisers mostly, or ask for what need not be done. All that are neither here
/// nor otherwise known by name are passed on as [`Meaning::Codegen`], which only LLVM takes: a new LLVM may have any.
const PROMISES: [&str; 57] = [
    "alwaysinline",
    "cold",
    "hot",
    "inlinehint",
    "minsize",
    "optsize",
    "optdebug",
    "optnone",
    "noinline",
    "noreturn",
    "willreturn",
    "mustprogress",
    "nofree",
    "nosync",
    "norecurse",
    "nocallback",
    "nomerge",
    "noduplicate",
    "nodivergencesource",
    "convergent",
    "speculatable",
    "builtin",
    "nobuiltin",
    "nonlazybind",
    "noprofile",
    "skipprofile",
    "disable_sanitizer_instrumentation",
    "nosanitize_bounds",
    "nosanitize_coverage",
    "null_pointer_is_valid",
    "uwtable",
    "memory",
    "allockind",
    "allocsize",
    "vscale_range",
    "noalias",
    "nonnull",
    "noundef",
    "noext",
    "dereferenceable",
    "dereferenceable_or_null",
    "readonly",
    "readnone",
    "writeonly",
    "writable",
    "captures",
    "nocapture",
    "returned",
    "immarg",
    "range",
    "nofpclass",
    "initializes",
    "dead_on_unwind",
    "dead_on_return",
    "allocalign",
    "allocptr",
    "elementtype",
];

/// Attributes that LLVM's code generator acts on, for messages.
const CODEGEN: [&str; 21] = [
    "naked",
    "ssp",
    "sspreq",
    "sspstrong",
    "safestack",
    "shadowcallstack",
    "noredzone",
    "noimplicitfloat",
    "returns_twice",
    "strictfp",
    "speculative_load_hardening",
    "sanitize_address",
    "sanitize_hwaddress",
    "sanitize_memory",
    "sanitize_memtag",
    "sanitize_thread",
    "sanitize_realtime",
    "nocf_check",
    "alignstack",
    "presplitcoroutine",
    "jumptable",
];

/// Attributes of one function or call.
#[derive(Default)]
pub(crate) struct FunctionAttributes {
    pub(crate) nounwind: bool,
    pub(crate) codegen: Vec<String>,
}

/// Where to ask for attributes.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// A function's definition or declaration.
    Function(ValueRef),
    /// A `call` or `invoke`.
    Call(ValueRef),
}

/// What is known of an attribute by its name.
#[derive(Clone, Copy)]
enum Kind {
    Decoded(&'static str),
    Unusual(&'static str),
    Promise,
}

/// Memoised meanings: LLVM keeps attributes unique per context.
pub(crate) struct AttributeTable {
    meanings: PointerMap<AttributeRef, Meaning>,
    kinds: PointerMap<u32, Kind>,
    buffer: Vec<AttributeRef>,
}

impl AttributeTable {
    pub(crate) fn new(api: &Api) -> Self {
        let decoded =
            ["zeroext", "signext", "sret", "byval", "align", "nounwind"].map(|name| (name, Kind::Decoded(name)));
        let unusual = UNUSUAL.map(|name| (name, Kind::Unusual(name)));
        let promises = PROMISES.map(|name| (name, Kind::Promise));
        let kinds = decoded
            .into_iter()
            .chain(unusual)
            .chain(promises)
            .map(|(name, kind)| (api.LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len()), kind))
            // Zero: this LLVM does not know the name, so no attribute can have it.
            .filter(|&(kind, _)| kind != 0)
            .collect();
        Self { meanings: PointerMap::default(), kinds, buffer: Vec::new() }
    }

    /// Attributes of the function or call as a whole.
    pub(crate) fn function(&mut self, cx: &Context, types: &mut TypeTable, place: Place) -> FunctionAttributes {
        let mut found = FunctionAttributes::default();
        self.each(cx, types, place, FUNCTION, |meaning| match meaning {
            Meaning::NoUnwind => found.nounwind = true,
            Meaning::Codegen(text) => found.codegen.push(text.clone()),
            _ => {}
        });
        found.codegen.sort();
        found
    }

    /// Extension of the return value. Second, the name of an attribute of it that has no decoded form.
    pub(crate) fn returned(
        &mut self,
        cx: &Context,
        types: &mut TypeTable,
        place: Place,
    ) -> (Extension, Option<String>) {
        let (mut extension, mut unusual) = (Extension::None, None);
        self.each(cx, types, place, 0, |meaning| match meaning {
            Meaning::ZeroExtend => extension = Extension::Zero,
            Meaning::SignExtend => extension = Extension::Sign,
            Meaning::Unusual(name) => unusual = Some((*name).to_owned()),
            Meaning::Codegen(text) => unusual = Some(text.clone()),
            _ => {}
        });
        (extension, unusual)
    }

    /// Parameter `index` (from 0) of type `ty`. The error names an attribute that has no decoded form.
    pub(crate) fn param(
        &mut self,
        cx: &Context,
        types: &mut TypeTable,
        place: Place,
        index: u32,
        ty: TypeRef,
    ) -> Result<Param, String> {
        /// The System V ABI rounds stack arguments up to eight bytes.
        const MIN_BYVAL_ALIGN: u64 = 8;
        let mut param = Param { ty, extension: Extension::None, sret: false, byval: None };
        let (mut align, mut by_value, mut unusual) = (None, None, None);
        self.each(cx, types, place, index + 1, |meaning| match meaning {
            Meaning::ZeroExtend => param.extension = Extension::Zero,
            Meaning::SignExtend => param.extension = Extension::Sign,
            Meaning::StructReturn => param.sret = true,
            Meaning::ByVal(ty) => by_value = Some(ty.clone()),
            Meaning::Align(bytes) => align = Some(*bytes),
            Meaning::Unusual(name) => unusual = Some((*name).to_owned()),
            Meaning::Codegen(text) => unusual = Some(text.clone()),
            Meaning::NoUnwind | Meaning::Ignored => {}
        });
        if let Some(ty) = by_value {
            param.byval = Some((ty.alloc_size(), align.unwrap_or_else(|| ty.align().max(MIN_BYVAL_ALIGN))));
        }
        unusual.map_or(Ok(param), Err)
    }

    #[inline]
    fn each(&mut self, cx: &Context, types: &mut TypeTable, place: Place, index: u32, mut act: impl FnMut(&Meaning)) {
        let api = cx.api();
        let count = match place {
            Place::Function(function) => api.LLVMGetAttributeCountAtIndex(function, index),
            Place::Call(call) => api.LLVMGetCallSiteAttributeCount(call, index),
        };
        if count == 0 {
            return;
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.resize(count as usize, AttributeRef(std::ptr::null_mut()));
        match place {
            Place::Function(function) => api.LLVMGetAttributesAtIndex(function, index, buffer.as_mut_ptr()),
            Place::Call(call) => api.LLVMGetCallSiteAttributes(call, index, buffer.as_mut_ptr()),
        }
        for &attribute in &buffer {
            let kinds = &self.kinds;
            act(self.meanings.entry(attribute).or_insert_with(|| meaning(cx, types, kinds, attribute)));
        }
        self.buffer = buffer;
    }
}

fn meaning(cx: &Context, types: &mut TypeTable, kinds: &PointerMap<u32, Kind>, attribute: AttributeRef) -> Meaning {
    let api = cx.api();
    if api.LLVMIsStringAttribute(attribute) != 0 {
        let key = borrow_text(api, |len| api.LLVMGetStringAttributeKind(attribute, len));
        let value = borrow_text(api, |len| api.LLVMGetStringAttributeValue(attribute, len));
        return Meaning::Codegen(format!("{key}={value}"));
    }
    let kind = api.LLVMGetEnumAttributeKind(attribute);
    match kinds.get(&kind).copied() {
        Some(Kind::Decoded("zeroext")) => Meaning::ZeroExtend,
        Some(Kind::Decoded("signext")) => Meaning::SignExtend,
        Some(Kind::Decoded("sret")) => Meaning::StructReturn,
        Some(Kind::Decoded("byval")) => Meaning::ByVal(types.get(api, api.LLVMGetTypeAttributeValue(attribute))),
        Some(Kind::Decoded("align")) => Meaning::Align(api.LLVMGetEnumAttributeValue(attribute)),
        Some(Kind::Decoded("nounwind")) => Meaning::NoUnwind,
        Some(Kind::Unusual(name)) => Meaning::Unusual(name),
        Some(Kind::Promise) => Meaning::Ignored,
        Some(Kind::Decoded(_)) | None => Meaning::Codegen(name_of(api, kind)),
    }
}

/// The name of an attribute that is on no list here, as far as it is an old one.
fn name_of(api: &Api, kind: u32) -> String {
    let named = |name: &&&str| api.LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len()) == kind;
    CODEGEN.iter().find(named).map_or_else(|| format!("attribute {kind}"), |name| (**name).to_owned())
}
