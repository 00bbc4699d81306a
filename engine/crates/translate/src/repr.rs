//! How LLVM types are held in Cranelift values: every type is a list of leaves.

use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::{Type, Value, types};
use smallvec::SmallVec;

use crate::error::{Result, unsupported};

/// Aggregates with more leaves than this are not worth scalarising.
const MAX_LEAVES: usize = 1024;

/// One Cranelift value of a flattened LLVM value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Cranelift type.
    pub ty: Type,
    /// Significant bits of an integer, the width of the type for everything else.
    pub bits: u32,
    /// Byte offset in memory, relative to the whole.
    pub offset: u64,
}

impl Leaf {
    /// Bytes that the leaf takes in memory.
    pub fn store_size(&self) -> u32 {
        self.bits.div_ceil(8)
    }

    /// Some high bits of the Cranelift type are not part of the value.
    pub fn is_odd(&self) -> bool {
        self.ty.is_int() && self.bits != self.ty.bits()
    }
}

/// The Cranelift values of one translated value, a leaf each.
pub type Values = SmallVec<[Value; 2]>;

/// Leaves of a value.
pub type Leaves = SmallVec<[Leaf; 2]>;

/// How the lanes of a vector are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// 128-bit values of type `ty` with `per` lanes each.
    Packed {
        /// Vector type of each leaf.
        ty: Type,
        /// Lanes in a leaf.
        per: u32,
    },
    /// `<n x i1>` as lane masks (all ones or all zeros): 128-bit integer vectors of `per` lanes.
    Mask {
        /// Vector type of each leaf.
        ty: Type,
        /// Lanes in a leaf.
        per: u32,
    },
    /// One leaf a lane.
    Scalars,
}

/// Shape of a vector type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// A lane as a scalar (offset 0).
    pub lane: Leaf,
    /// Number of lanes.
    pub lanes: u32,
    /// How they are held.
    pub packing: Packing,
}

/// Smallest Cranelift integer type that holds `bits` bits.
pub fn int_type(bits: u32) -> Result<Type> {
    Ok(match bits {
        1..=8 => types::I8,
        9..=16 => types::I16,
        17..=32 => types::I32,
        33..=64 => types::I64,
        65..=128 => types::I128,
        _ => unsupported!("integer of {bits} bits"),
    })
}

/// The leaf of a scalar type.
pub fn scalar(ty: &Llvm) -> Result<Leaf> {
    let (ty, bits) = match ty {
        Llvm::Int(bits) => (int_type(*bits)?, *bits),
        Llvm::Float => (types::F32, 32),
        Llvm::Double => (types::F64, 64),
        Llvm::Pointer => (types::I64, 64),
        Llvm::Half => unsupported!("half precision float"),
        Llvm::Quad => unsupported!("quad precision float"),
        Llvm::Other(name) => unsupported!("type {name}"),
        other => unsupported!("{other:?} as a scalar"),
    };
    Ok(Leaf { ty, bits, offset: 0 })
}

/// The shape of a vector type.
pub fn shape(element: &Llvm, lanes: u32) -> Result<Shape> {
    let lane = scalar(element)?;
    if lanes == 0 || lanes as usize > MAX_LEAVES {
        unsupported!("vector of {lanes} lanes");
    }
    let packing = if lane.ty.is_int() && lane.bits == 1 {
        match lanes {
            2 => Packing::Mask { ty: types::I64X2, per: 2 },
            4 => Packing::Mask { ty: types::I32X4, per: 4 },
            8 => Packing::Mask { ty: types::I16X8, per: 8 },
            n if n.is_multiple_of(16) => Packing::Mask { ty: types::I8X16, per: 16 },
            _ => Packing::Scalars,
        }
    } else if lane.is_odd() {
        unsupported!("vector of {}-bit integers", lane.bits)
    } else if lane.bits < 128 && (lane.bits * lanes).is_multiple_of(128) {
        let per = 128 / lane.bits;
        Packing::Packed { ty: lane.ty.by(per).expect("128-bit vector type"), per }
    } else {
        Packing::Scalars
    };
    Ok(Shape { lane, lanes, packing })
}

/// Calls [`shape`] for a vector type, gives `None` for anything else.
pub fn vector_shape(ty: &Llvm) -> Result<Option<Shape>> {
    match ty {
        Llvm::Vector(element, lanes) => shape(element, *lanes).map(Some),
        _ => Ok(None),
    }
}

/// Flattens a type.
pub fn leaves(ty: &Llvm) -> Result<Leaves> {
    let mut out = Leaves::new();
    push_leaves(ty, 0, &mut out)?;
    Ok(out)
}

fn push_leaves(ty: &Llvm, offset: u64, out: &mut Leaves) -> Result<()> {
    match ty {
        Llvm::Void => {}
        Llvm::Array(element, count) => {
            if *count > MAX_LEAVES as u64 {
                unsupported!("array of {count} elements as a value");
            }
            let step = element.alloc_size();
            for index in 0..*count {
                push_leaves(element, offset + index * step, out)?;
            }
        }
        Llvm::Struct { fields, .. } => {
            let (offsets, _) = ty.struct_layout();
            for (field, at) in fields.iter().zip(offsets) {
                push_leaves(field, offset + at, out)?;
            }
        }
        Llvm::Vector(element, lanes) => {
            let shape = shape(element, *lanes)?;
            match shape.packing {
                Packing::Packed { ty, per } | Packing::Mask { ty, per } => {
                    for index in 0..lanes / per {
                        out.push(Leaf { ty, bits: 128, offset: offset + u64::from(index) * 16 });
                    }
                }
                Packing::Scalars => {
                    for index in 0..*lanes {
                        let at = offset + u64::from(index) * u64::from(shape.lane.bits / 8);
                        out.push(Leaf { offset: at, ..shape.lane });
                    }
                }
            }
        }
        scalar_type => out.push(Leaf { offset, ..scalar(scalar_type)? }),
    }
    if out.len() > MAX_LEAVES {
        unsupported!("aggregate with more than {MAX_LEAVES} fields as a value");
    }
    Ok(())
}

/// Number of leaves.
pub fn leaf_count(ty: &Llvm) -> Result<usize> {
    Ok(match ty {
        Llvm::Void => 0,
        Llvm::Array(element, count) => leaf_count(element)? * usize::try_from(*count).unwrap_or(usize::MAX),
        Llvm::Struct { fields, .. } => {
            let mut sum = 0;
            for field in fields {
                sum += leaf_count(field)?;
            }
            sum
        }
        Llvm::Vector(..) => leaves(ty)?.len(),
        _ => 1,
    })
}

/// The first leaf and the type of the field that `indices` select.
pub fn field<'t>(ty: &'t Llvm, indices: &[u32]) -> Result<(usize, &'t Llvm)> {
    let mut first = 0;
    let mut at = ty;
    for &index in indices {
        match at {
            Llvm::Struct { fields, .. } => {
                for field in &fields[..index as usize] {
                    first += leaf_count(field)?;
                }
                at = &fields[index as usize];
            }
            Llvm::Array(element, _) => {
                first += leaf_count(element)? * index as usize;
                at = element;
            }
            other => unsupported!("field of {other:?}"),
        }
    }
    Ok((first, at))
}

/// `<n x i1>` anywhere in the type: it has no byte layout of its own.
pub fn has_mask(ty: &Llvm) -> bool {
    match ty {
        Llvm::Vector(element, _) => matches!(**element, Llvm::Int(1)),
        Llvm::Array(element, _) => has_mask(element),
        Llvm::Struct { fields, .. } => fields.iter().any(|field| has_mask(field)),
        _ => false,
    }
}
