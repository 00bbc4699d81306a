//! The x86 intrinsics of `core::arch` that have a meaning in Cranelift IR: those that calculate something that
//! Intel's manual defines bit by bit. What is left to LLVM: approximations, whose bits differ between processors (`rcp`,
//! `rsqrt`), what asks or changes the processor, and ciphers and hashes, of which one instruction does hundreds of steps.
//!
//! A function with such an intrinsic is compiled for processors that have the instruction (`target-features`).
//! Operations on 256 bits treat their halves of 128 bits on their own, as AVX does, unless they say otherwise.

mod float;
mod scalar;
mod vector;

use cranefly_bitcode::ir::{Constant, Operand, Signature};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::InstBuilder;

use crate::error::Result;
use crate::repr::{Shape, Values};
use crate::translator::Translator;

impl Translator<'_> {
    /// `name` without `llvm.x86.`.
    pub fn intrinsic_of_x86(
        &mut self,
        name: &str,
        ret: &Llvm,
        signature: &Signature,
        args: &[Operand],
    ) -> Result<Option<Values>> {
        match name {
            // Hints; and what says that the high halves of AVX registers, of which Cranelift knows nothing, hold nothing.
            "sse2.pause" | "avx.vzeroupper" | "avx.vzeroall" => return Ok(Some(Values::new())),
            // What Cranelift makes of a fence is `mfence`, which orders all that `sfence` does. (`lfence` does more: it
            // waits for the instructions before it.)
            "sse2.mfence" | "sse.sfence" => {
                self.b.ins().fence();
                return Ok(Some(Values::new()));
            }
            _ => {}
        }
        if let Some(values) = self.x86_on_scalars(name, ret, signature, args)? {
            return Ok(Some(values));
        }
        if let Some(values) = self.x86_on_integer_vectors(name, signature, args)? {
            return Ok(Some(values));
        }
        self.x86_on_floats(name, ret, signature, args)
    }

    /// The lanes of a vector argument, and their shape.
    fn argument_lanes(&mut self, signature: &Signature, args: &[Operand], index: usize) -> Result<(Shape, Values)> {
        let ty = &*signature.params[index].ty;
        let shape = self.vector_type(ty)?;
        let parts = self.operand(&args[index], ty)?;
        let lanes = self.split_lanes(&shape, &parts);
        Ok((shape, lanes))
    }
}

/// The value of an argument that must be a number in the source.
fn immediate(operand: &Operand) -> Option<u64> {
    match operand {
        Operand::Constant(Constant::Zero(_)) => Some(0),
        Operand::Constant(Constant::Bits(_, words)) => words.first().copied(),
        _ => None,
    }
}
