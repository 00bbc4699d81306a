//! LLVM types and their layout on x86-64 (System V, LLVM's default data layout for `x86_64-unknown-linux-gnu`:
//! `i128:128`, `f80:128`, `n8:16:32:64`, `S128`).

use std::sync::Arc;

/// A shared type; compares and hashes by content.
pub type TypeRef = Arc<Type>;

/// A first-class type, or void.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// No value.
    Void,
    /// `iN`.
    Int(u32),
    /// `half`.
    Half,
    /// `float`.
    Float,
    /// `double`.
    Double,
    /// `fp128`.
    Quad,
    /// `ptr`.
    Pointer,
    /// `[n x T]`.
    Array(TypeRef, u64),
    /// `{ … }`, or `<{ … }>` when packed.
    Struct {
        /// No padding between the fields.
        packed: bool,
        /// Fields in order.
        fields: Vec<TypeRef>,
    },
    /// `<n x T>`.
    Vector(TypeRef, u32),
    /// Anything else, as LLVM prints it.
    Other(String),
}

impl Type {
    /// Bytes that a load or store of the type touches.
    pub fn store_size(&self) -> u64 {
        match self {
            Self::Void | Self::Other(_) => 0,
            Self::Int(bits) => u64::from(*bits).div_ceil(8),
            Self::Half => 2,
            Self::Float => 4,
            Self::Double | Self::Pointer => 8,
            Self::Quad => 16,
            Self::Array(element, count) => element.alloc_size() * count,
            Self::Vector(element, lanes) => (element.bits() * u64::from(*lanes)).div_ceil(8),
            Self::Struct { .. } => self.struct_layout().1,
        }
    }

    /// Distance between two array elements of the type.
    pub fn alloc_size(&self) -> u64 {
        self.store_size().next_multiple_of(self.align())
    }

    /// ABI alignment in bytes.
    pub fn align(&self) -> u64 {
        match self {
            Self::Void | Self::Other(_) => 1,
            Self::Int(bits) => u64::from(*bits).div_ceil(8).next_power_of_two().clamp(1, 16),
            Self::Half => 2,
            Self::Float => 4,
            Self::Double | Self::Pointer => 8,
            Self::Quad => 16,
            Self::Array(element, _) => element.align(),
            Self::Vector(..) => self.store_size().next_power_of_two().max(1),
            Self::Struct { packed: true, .. } => 1,
            Self::Struct { fields, .. } => fields.iter().map(|field| field.align()).max().unwrap_or(1),
        }
    }

    /// Width in bits of a scalar; 0 for aggregates.
    pub fn bits(&self) -> u64 {
        match self {
            Self::Int(bits) => u64::from(*bits),
            Self::Half => 16,
            Self::Float => 32,
            Self::Double | Self::Pointer => 64,
            Self::Quad => 128,
            Self::Vector(element, lanes) => element.bits() * u64::from(*lanes),
            _ => 0,
        }
    }

    /// Byte offsets of the fields, and the size with tail padding. Empty for anything but a struct.
    pub fn struct_layout(&self) -> (Vec<u64>, u64) {
        let Self::Struct { packed, fields } = self else {
            return (Vec::new(), 0);
        };
        let mut offsets = Vec::with_capacity(fields.len());
        let mut end = 0u64;
        for field in fields {
            if !packed {
                end = end.next_multiple_of(field.align());
            }
            offsets.push(end);
            end += field.alloc_size();
        }
        (offsets, end.next_multiple_of(self.align()))
    }
}
