//! Vector reductions.

use cranefly_bitcode::ir::{BinaryOp, Operand, Signature};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};
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
        Ok(None)
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
