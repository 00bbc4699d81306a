//! Attributes of functions, parameters and call sites, reduced to what shapes machine code.

use crate::context::{Context, borrow_text};
use crate::ffi::{Api, AttributeRef, ValueRef};
use crate::ir::{Attribute, AttributeOf, Extension, Param};
use crate::known_attributes::{self, Decoded, ENUMERATED, Treatment};
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
    /// Without a decoded form.
    Other(Attribute),
    Nothing,
}

/// Attributes of one function or call.
#[derive(Default)]
pub(crate) struct FunctionAttributes {
    pub(crate) nounwind: bool,
    /// Those without a decoded form, sorted.
    pub(crate) others: Vec<Attribute>,
}

/// Where to ask for attributes.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// A function's definition or declaration.
    Function(ValueRef),
    /// A `call` or `invoke`.
    Call(ValueRef),
}

/// Memoised meanings: LLVM keeps attributes unique per context.
pub(crate) struct AttributeTable {
    meanings: PointerMap<AttributeRef, Meaning>,
    /// What is known of LLVM's numbers.
    enumerated: Enumerated,
    buffer: Vec<AttributeRef>,
}

type Enumerated = PointerMap<u32, (&'static str, Treatment)>;

impl AttributeTable {
    pub(crate) fn new(api: &Api) -> Self {
        let number = |name: &str| api.LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len());
        let enumerated = ENUMERATED
            .iter()
            .map(|&(name, treatment)| (number(name), (name, treatment)))
            // Zero: this LLVM does not know the name, so no attribute can have it.
            .filter(|&(number, _)| number != 0)
            .collect();
        Self { meanings: PointerMap::default(), enumerated, buffer: Vec::new() }
    }

    /// Attributes of the function or call as a whole.
    pub(crate) fn function(&mut self, cx: &Context, types: &mut TypeTable, place: Place) -> FunctionAttributes {
        let mut found = FunctionAttributes::default();
        self.each(cx, types, place, FUNCTION, |meaning| match meaning {
            Meaning::NoUnwind => found.nounwind = true,
            Meaning::Other(attribute) => found.others.push(attribute.clone()),
            _ => {}
        });
        found.others.sort();
        found
    }

    /// Extension of the return value. Second, an attribute of it that has no decoded form.
    pub(crate) fn returned(
        &mut self,
        cx: &Context,
        types: &mut TypeTable,
        place: Place,
    ) -> (Extension, Option<Attribute>) {
        let (mut extension, mut other) = (Extension::None, None);
        self.each(cx, types, place, 0, |meaning| match meaning {
            Meaning::ZeroExtend => extension = Extension::Zero,
            Meaning::SignExtend => extension = Extension::Sign,
            Meaning::Other(attribute) => other = Some(on_parameter(attribute)),
            _ => {}
        });
        (extension, other)
    }

    /// Parameter `index` (from 0) of type `ty`. The error is an attribute that has no decoded form.
    pub(crate) fn param(
        &mut self,
        cx: &Context,
        types: &mut TypeTable,
        place: Place,
        index: u32,
        ty: TypeRef,
    ) -> Result<Param, Attribute> {
        /// The System V ABI rounds stack arguments up to eight bytes.
        const MIN_BYVAL_ALIGN: u64 = 8;
        let mut param = Param { ty, extension: Extension::None, sret: false, byval: None };
        let (mut align, mut by_value, mut other) = (None, None, None);
        self.each(cx, types, place, index + 1, |meaning| match meaning {
            Meaning::ZeroExtend => param.extension = Extension::Zero,
            Meaning::SignExtend => param.extension = Extension::Sign,
            Meaning::StructReturn => param.sret = true,
            Meaning::ByVal(ty) => by_value = Some(ty.clone()),
            Meaning::Align(bytes) => align = Some(*bytes),
            Meaning::Other(attribute) => other = Some(on_parameter(attribute)),
            Meaning::NoUnwind | Meaning::Nothing => {}
        });
        if let Some(ty) = by_value {
            param.byval = Some((ty.alloc_size(), align.unwrap_or_else(|| ty.align().max(MIN_BYVAL_ALIGN))));
        }
        other.map_or(Ok(param), Err)
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
            let enumerated = &self.enumerated;
            act(self.meanings.entry(attribute).or_insert_with(|| meaning(cx, types, enumerated, attribute)));
        }
        self.buffer = buffer;
    }
}

fn meaning(cx: &Context, types: &mut TypeTable, enumerated: &Enumerated, attribute: AttributeRef) -> Meaning {
    let api = cx.api();
    if api.LLVMIsStringAttribute(attribute) != 0 {
        let name = borrow_text(api, |len| api.LLVMGetStringAttributeKind(attribute, len));
        if known_attributes::textual(&name) == Some(Treatment::Nothing) {
            return Meaning::Nothing;
        }
        let value = borrow_text(api, |len| api.LLVMGetStringAttributeValue(attribute, len));
        return other(false, &name, &value);
    }
    let number = api.LLVMGetEnumAttributeKind(attribute);
    let Some(&(name, treatment)) = enumerated.get(&number) else {
        return other(true, &format!("number {number}"), "");
    };
    match treatment {
        Treatment::Decoded(Decoded::ZeroExt) => Meaning::ZeroExtend,
        Treatment::Decoded(Decoded::SignExt) => Meaning::SignExtend,
        Treatment::Decoded(Decoded::StructRet) => Meaning::StructReturn,
        Treatment::Decoded(Decoded::ByVal) => Meaning::ByVal(types.get(api, api.LLVMGetTypeAttributeValue(attribute))),
        Treatment::Decoded(Decoded::Align) => Meaning::Align(api.LLVMGetEnumAttributeValue(attribute)),
        Treatment::Decoded(Decoded::NoUnwind) => Meaning::NoUnwind,
        Treatment::Nothing => Meaning::Nothing,
        Treatment::Processor | Treatment::Features | Treatment::Llvm => other(true, name, ""),
    }
}

fn other(enumerated: bool, name: &str, value: &str) -> Meaning {
    Meaning::Other(Attribute { on: AttributeOf::Function, enumerated, name: name.into(), value: value.into() })
}

fn on_parameter(attribute: &Attribute) -> Attribute {
    Attribute { on: AttributeOf::Parameter, ..attribute.clone() }
}
