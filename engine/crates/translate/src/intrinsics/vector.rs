//! Vector reductions and the x86 intrinsics of `core::arch` that SSE2 code in common crates uses.

use cranefly_bitcode::ir::{BinaryOp, Operand, Signature};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use smallvec::smallvec;

use crate::error::{Result, unsupported};
use crate::repr::{Leaf, Values};
use crate::translator::Translator;

impl Translator<'_> {
    pub fn intrinsic_of_vectors(
        &mut self,
        base: &str,
        signature: &Signature,
        args: &[Operand],
    ) -> Result<Option<Values>> {
        if let Some(op) = base.strip_prefix("vector.reduce.") {
            return self.reduce(op, signature, args).map(|value| Some(smallvec![value]));
        }
        Ok(match base {
            "x86.sse2.pmovmskb.128" | "x86.sse.movmsk.ps" | "x86.sse2.movmsk.pd" => {
                let vector = self.operand(&args[0], &signature.params[0].ty)?[0];
                let narrow = if base == "x86.sse2.pmovmskb.128" { types::I16 } else { types::I8 };
                let bits = self.b.ins().vhigh_bits(narrow, vector);
                Some(smallvec![self.b.ins().uextend(types::I32, bits)])
            }
            // The functions with this instruction are compiled for processors that have it. The wider one shuffles
            // its halves on their own.
            "x86.ssse3.pshuf.b.128" | "x86.avx2.pshuf.b" => {
                let ty = &*signature.params[0].ty;
                let tables = self.operand(&args[0], ty)?;
                let indices = self.operand(&args[1], ty)?;
                let halves = tables.iter().zip(&indices);
                Some(halves.map(|(&table, &indices)| self.b.ins().x86_pshufb(table, indices)).collect())
            }
            _ => None,
        })
    }

    fn reduce(&mut self, op: &str, signature: &Signature, args: &[Operand]) -> Result<Value> {
        // The ordered floating reductions take a start value first.
        let ordered = matches!(op, "fadd" | "fmul");
        let ty = &*signature.params[usize::from(ordered)].ty;
        let shape = self.vector_type(ty)?;
        let parts = self.operand(&args[usize::from(ordered)], ty)?;
        let lanes = self.split_lanes(&shape, &parts);
        let mut lanes = lanes.into_iter();
        let mut sum = if ordered {
            let Llvm::Vector(element, _) = ty else { unreachable!("checked by vector_type") };
            self.scalar(&args[0], element)?
        } else {
            lanes.next().expect("at least one lane")
        };
        for lane in lanes {
            sum = self.reduce_step(op, shape.lane, sum, lane)?;
        }
        Ok(sum)
    }

    fn reduce_step(&mut self, op: &str, leaf: Leaf, a: Value, b: Value) -> Result<Value> {
        let binary = match op {
            "add" => BinaryOp::Add,
            "mul" => BinaryOp::Mul,
            "and" => BinaryOp::And,
            "or" => BinaryOp::Or,
            "xor" => BinaryOp::Xor,
            "fadd" => BinaryOp::FAdd,
            "fmul" => BinaryOp::FMul,
            _ => {
                let condition = match op {
                    "umin" => IntCC::UnsignedLessThan,
                    "umax" => IntCC::UnsignedGreaterThan,
                    "smin" => IntCC::SignedLessThan,
                    "smax" => IntCC::SignedGreaterThan,
                    _ => unsupported!("intrinsic llvm.vector.reduce.{op}"),
                };
                let first = self.scalar_icmp(condition, leaf.bits, a, b);
                return Ok(self.b.ins().select(first, a, b));
            }
        };
        self.scalar_binary(binary, leaf, a, b)
    }
}
