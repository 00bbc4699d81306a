//! LLVM types → [`Type`], each converted once per module, and the strides and offsets that address arithmetic needs.

use std::rc::Rc;
use std::sync::Arc;

use crate::context::take_message;
use crate::ffi::{Api, DataLayoutRef, LlvmType, ModuleRef, type_kind};
use crate::pointer_map::PointerMap;
use crate::types::{Type, TypeRef};

/// Memoised conversions of one context.
pub(crate) struct TypeTable {
    types: PointerMap<LlvmType, TypeRef>,
    shapes: PointerMap<LlvmType, Rc<Shape>>,
    pub(crate) pointer: TypeRef,
    /// The module's own.
    layout: DataLayoutRef,
}

/// How an index steps through a type.
pub(crate) enum Shape {
    /// Field `i` starts at `offsets[i]` and has type `fields[i]`.
    Struct { offsets: Vec<u64>, fields: Vec<LlvmType> },
    /// Elements of a type, `stride` bytes apart.
    Sequence { element: LlvmType, stride: u64 },
    /// No way in.
    Scalar,
}

impl TypeTable {
    pub(crate) fn new(api: &Api, module: ModuleRef) -> Self {
        Self {
            types: PointerMap::default(),
            shapes: PointerMap::default(),
            pointer: Arc::new(Type::Pointer),
            layout: api.LLVMGetModuleDataLayout(module),
        }
    }

    /// Distance in bytes between two elements of type `ty`; `None` for a type without a size or decoded form.
    pub(crate) fn stride(&mut self, api: &Api, ty: LlvmType) -> Option<u64> {
        match &*self.get(api, ty) {
            Type::Other(_) | Type::Void => None,
            known => Some(known.alloc_size()),
        }
    }

    /// Size of a variable of type `ty`, by LLVM itself; 0 for a type without a size (of an `extern` declaration).
    pub(crate) fn variable_size(&self, api: &Api, ty: LlvmType) -> u64 {
        if api.LLVMTypeIsSized(ty) == 0 { 0 } else { api.LLVMABISizeOfType(self.layout, ty) }
    }

    /// The decoded form of `ty`.
    #[inline]
    pub(crate) fn get(&mut self, api: &Api, ty: LlvmType) -> TypeRef {
        if let Some(known) = self.types.get(&ty) {
            return known.clone();
        }
        let converted = self.convert(api, ty);
        let converted = self.checked(api, ty, converted);
        self.types.insert(ty, converted.clone());
        converted
    }

    /// Compares the layout that [`Type`] computes with LLVM's. Where they differ, the type has no decoded form, so that
    /// what uses it goes to LLVM instead of going wrong.
    fn checked(&self, api: &Api, ty: LlvmType, converted: TypeRef) -> TypeRef {
        if matches!(*converted, Type::Void | Type::Other(_)) || api.LLVMTypeIsSized(ty) == 0 {
            return converted;
        }
        let size = api.LLVMABISizeOfType(self.layout, ty);
        let align = u64::from(api.LLVMABIAlignmentOfType(self.layout, ty));
        if (size, align) == (converted.alloc_size(), converted.align()) {
            return converted;
        }
        Arc::new(Type::Other(take_message(api, api.LLVMPrintTypeToString(ty))))
    }

    fn convert(&mut self, api: &Api, ty: LlvmType) -> TypeRef {
        Arc::new(match api.LLVMGetTypeKind(ty) {
            type_kind::VOID => Type::Void,
            type_kind::HALF => Type::Half,
            type_kind::FLOAT => Type::Float,
            type_kind::DOUBLE => Type::Double,
            type_kind::QUAD => Type::Quad,
            type_kind::INTEGER => Type::Int(api.LLVMGetIntTypeWidth(ty)),
            type_kind::POINTER if api.LLVMGetPointerAddressSpace(ty) == 0 => return self.pointer.clone(),
            type_kind::ARRAY => Type::Array(self.get(api, api.LLVMGetElementType(ty)), api.LLVMGetArrayLength2(ty)),
            type_kind::VECTOR => Type::Vector(self.get(api, api.LLVMGetElementType(ty)), api.LLVMGetVectorSize(ty)),
            type_kind::STRUCT if api.LLVMIsOpaqueStruct(ty) == 0 => Type::Struct {
                packed: api.LLVMIsPackedStruct(ty) != 0,
                fields: struct_fields(api, ty).into_iter().map(|field| self.get(api, field)).collect(),
            },
            _ => Type::Other(take_message(api, api.LLVMPrintTypeToString(ty))),
        })
    }

    /// The shape of `ty`, for stepping into it.
    pub(crate) fn shape(&mut self, api: &Api, ty: LlvmType) -> Rc<Shape> {
        if let Some(known) = self.shapes.get(&ty) {
            return known.clone();
        }
        let shape = Rc::new(match api.LLVMGetTypeKind(ty) {
            type_kind::STRUCT if self.stride(api, ty).is_some() => {
                Shape::Struct { offsets: self.get(api, ty).struct_layout().0, fields: struct_fields(api, ty) }
            }
            type_kind::ARRAY => {
                let element = api.LLVMGetElementType(ty);
                match self.stride(api, element) {
                    Some(stride) => Shape::Sequence { element, stride },
                    None => Shape::Scalar,
                }
            }
            // Lanes are packed by their width in bits; LLVM only lets whole-byte lanes be addressed.
            type_kind::VECTOR => {
                let element = api.LLVMGetElementType(ty);
                Shape::Sequence { element, stride: self.get(api, element).store_size() }
            }
            _ => Shape::Scalar,
        });
        self.shapes.insert(ty, shape.clone());
        shape
    }
}

fn struct_fields(api: &Api, ty: LlvmType) -> Vec<LlvmType> {
    let mut fields = vec![LlvmType(std::ptr::null_mut()); api.LLVMCountStructElementTypes(ty) as usize];
    api.LLVMGetStructElementTypes(ty, fields.as_mut_ptr());
    fields
}
