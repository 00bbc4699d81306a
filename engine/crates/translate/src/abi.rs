//! LLVM signatures as Cranelift signatures, where both assign the same registers and stack places (System V, x86-64).
//!
//! LLVM's rules are those of `X86CallingConv.td` (`CC_X86_64_C`, `RetCC_X86_64_C`), Cranelift's those of
//! `isa/x64/abi.rs` with `enable_llvm_abi_extensions`. Every leaf of a first-class aggregate is an argument of its own.

use cranefly_bitcode::ir::{Extension, Signature};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::{AbiParam, ArgumentPurpose, Signature as ClifSignature, Value, types};
use cranelift_codegen::isa::CallConv;

use crate::error::{Result, unsupported};
use crate::repr::{self, Leaf, Leaves, Packing, Values};

/// LLVM's `coldcc`: preserves more registers than C, so calls are fine and definitions are not.
pub const COLD: u32 = 9;
/// LLVM's `x86_64_sysvcc`.
const SYSV: u32 = 78;
/// LLVM's `fastcc`: C on x86-64 unless tail calls are guaranteed, which rustc never asks for.
const FAST: u32 = 8;

/// A signature and how its parameters are made of leaves.
pub(crate) struct Plan {
    /// For Cranelift.
    pub signature: ClifSignature,
    /// Leaves of every parameter.
    pub params: Vec<Leaves>,
    /// Leaves of the result.
    pub ret: Leaves,
    /// An argument that has another place in Cranelift's order of all leaves than in LLVM's.
    moved: Option<Moved>,
}

/// A leaf that LLVM passes in the last integer register, past a 128-bit integer that went to the stack because it needs
/// two. Cranelift leaves that register empty then, so the leaf comes before the 128-bit integer in its signature.
struct Moved {
    /// Place among the leaves of LLVM's arguments.
    from: usize,
    /// Place among Cranelift's.
    to: usize,
}

impl Plan {
    /// Brings the leaves of LLVM's arguments into Cranelift's order.
    pub fn arrange(&self, values: &mut Values) {
        if let Some(moved) = &self.moved {
            let value = values.remove(moved.from);
            values.insert(moved.to, value);
        }
    }

    /// The reverse of [`Self::arrange`], for the parameters of a definition.
    pub fn restore(&self, values: &mut Vec<Value>) {
        if let Some(moved) = &self.moved {
            let value = values.remove(moved.to);
            values.insert(moved.from, value);
        }
    }
}

/// Registers and stack used so far.
#[derive(Default)]
struct Usage {
    integers: u32,
    floats: u32,
    stack: u64,
    /// Place of the first 128-bit integer that went to the stack while an integer register was left over.
    skipping: Option<usize>,
}

/// Maps a signature.
///
/// # Errors
/// Names what the two compilers would pass differently.
pub(crate) fn plan(source: &Signature) -> Result<Plan> {
    if !matches!(source.call_conv, 0 | FAST | COLD | SYSV) {
        unsupported!("calling convention {}", source.call_conv);
    }
    let mut signature = ClifSignature::new(CallConv::SystemV);
    let mut params = Vec::with_capacity(source.params.len());
    let mut usage = Usage::default();
    let mut moved = None;
    let pointer = Leaf { ty: types::I64, bits: 64, offset: 0 };
    for param in &source.params {
        if let Some((size, align)) = param.byval {
            usage.stack = usage.stack.next_multiple_of(8);
            if !usage.stack.is_multiple_of(align) || align > 16 {
                unsupported!("byval argument aligned to {align}");
            }
            let size = size.next_multiple_of(8);
            usage.stack += size;
            let Ok(size) = u32::try_from(size) else { unsupported!("byval argument of {size} bytes") };
            // Cranelift keeps a place for it even when it is empty.
            signature.params.push(AbiParam::special(types::I64, ArgumentPurpose::StructArgument(size)));
            params.push(Leaves::from_slice(&[pointer]));
            continue;
        }
        let leaves = abi_leaves(&param.ty)?;
        for leaf in &leaves {
            let place = signature.params.len();
            let earlier = usage.take(leaf, leaves.len() == 1, place)?;
            let mut abi = AbiParam::new(leaf.ty);
            if leaf.ty.is_int() && leaf.ty != types::I128 {
                abi = match param.extension {
                    Extension::None => abi,
                    Extension::Zero => abi.uext(),
                    Extension::Sign => abi.sext(),
                };
            }
            if param.sret && matches!(*source.ret, Llvm::Void) {
                abi.purpose = ArgumentPurpose::StructReturn;
            }
            if let Some(to) = earlier {
                moved = Some(Moved { from: place, to });
            }
            signature.params.insert(earlier.unwrap_or(place), abi);
        }
        params.push(leaves);
    }
    let ret = abi_leaves(&source.ret)?;
    let (mut integers, mut floats) = (0, 0);
    for leaf in &ret {
        match leaf.ty {
            types::I128 => integers += 2,
            ty if ty.is_int() => integers += 1,
            _ => floats += 1,
        }
        let abi = AbiParam::new(leaf.ty);
        signature.returns.push(match source.ret_extension {
            Extension::Zero if leaf.ty.is_int() && leaf.ty != types::I128 => abi.uext(),
            Extension::Sign if leaf.ty.is_int() && leaf.ty != types::I128 => abi.sext(),
            _ => abi,
        });
    }
    if integers > 3 || floats > 2 {
        unsupported!("result in more registers than System V has");
    }
    Ok(Plan { signature, params, ret, moved })
}

impl Usage {
    /// Takes registers or stack for the leaf at `place`. Gives the earlier place that it must have in Cranelift's
    /// signature to get the same ones, if any.
    fn take(&mut self, leaf: &Leaf, alone: bool, place: usize) -> Result<Option<usize>> {
        if leaf.ty == types::I128 {
            if self.integers + 2 <= 6 {
                self.integers += 2;
                return Ok(None);
            }
            if !alone {
                unsupported!("128-bit integer in an aggregate on the stack");
            }
            if self.integers < 6 {
                self.skipping.get_or_insert(place);
            }
            self.stack = self.stack.next_multiple_of(16) + 16;
        } else if leaf.ty.is_int() {
            if self.integers < 6 {
                self.integers += 1;
                return Ok(self.skipping.take());
            } else {
                self.stack += 8;
            }
        } else if self.floats < 8 {
            self.floats += 1;
        } else {
            let size = u64::from(leaf.ty.bytes()).max(8);
            self.stack = self.stack.next_multiple_of(size) + size;
        }
        Ok(None)
    }
}

/// Leaves of a type that crosses a call.
fn abi_leaves(ty: &Llvm) -> Result<Leaves> {
    check_vectors(ty)?;
    let leaves = repr::leaves(ty)?;
    for leaf in &leaves {
        if leaf.ty == types::I128 && leaf.is_odd() {
            unsupported!("{}-bit integer in a signature", leaf.bits);
        }
    }
    Ok(leaves)
}

fn check_vectors(ty: &Llvm) -> Result<()> {
    match ty {
        Llvm::Array(element, _) => check_vectors(element),
        Llvm::Struct { fields, .. } => fields.iter().try_for_each(|field| check_vectors(field)),
        Llvm::Vector(element, lanes) => match repr::shape(element, *lanes)?.packing {
            Packing::Packed { per, .. } if per == *lanes => Ok(()),
            _ => unsupported!("vector of {} bits in a signature", ty.bits()),
        },
        _ => Ok(()),
    }
}
