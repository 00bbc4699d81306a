//! `llvm.…` intrinsics.

mod float;
mod integer;
mod memory;
mod vector;
mod x86;

use cranefly_bitcode::ir::{Instruction, Operand, Signature};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, types};
use smallvec::smallvec;

use crate::control::trap_code;
use crate::error::{Result, unsupported};
use crate::repr::{self, Values};
use crate::translator::Translator;

impl Translator<'_> {
    pub fn intrinsic(
        &mut self,
        name: &str,
        instruction: &Instruction,
        signature: &Signature,
        args: &[Operand],
    ) -> Result<Values> {
        let base = base_name(name);
        let ret = &*instruction.ty;
        if let Some(values) = self.intrinsic_of_compiler(base, ret, signature, args)? {
            return Ok(values);
        }
        if let Some(values) = self.intrinsic_of_memory(base, args)? {
            return Ok(values);
        }
        if let Some(values) = self.intrinsic_of_integers(base, ret, signature, args)? {
            return Ok(values);
        }
        if let Some(values) = self.intrinsic_of_floats(base, ret, signature, args)? {
            return Ok(values);
        }
        if let Some(values) = self.intrinsic_of_vectors(base, signature, args)? {
            return Ok(values);
        }
        if let Some(name) = base.strip_prefix("x86.")
            && let Some(values) = self.intrinsic_of_x86(name, ret, signature, args)?
        {
            return Ok(values);
        }
        unsupported!("intrinsic {name}")
    }

    /// Hints, traps, and questions to the compiler.
    fn intrinsic_of_compiler(
        &mut self,
        base: &str,
        ret: &Llvm,
        signature: &Signature,
        args: &[Operand],
    ) -> Result<Option<Values>> {
        let first = |this: &mut Self| this.operand(&args[0], &signature.params[0].ty).map(Some);
        Ok(match base {
            "assume"
            | "lifetime.start"
            | "lifetime.end"
            | "invariant.end"
            | "prefetch"
            | "sideeffect"
            | "donothing"
            | "stackrestore"
            | "experimental.noalias.scope.decl"
            | "pseudoprobe"
            | "var.annotation" => Some(Values::new()),
            _ if base.starts_with("dbg.") => Some(Values::new()),
            "invariant.start" | "stacksave" => Some(smallvec![self.int(types::I64, 0)]),
            "expect"
            | "expect.with.probability"
            | "launder.invariant.group"
            | "strip.invariant.group"
            | "ssa.copy"
            | "arithmetic.fence"
            | "annotation"
            | "ptr.annotation" => first(self)?,
            "is.constant" => Some(smallvec![self.int(types::I8, 0)]),
            "objectsize" => {
                let leaf = repr::scalar(ret)?;
                let minimum = self.scalar(&args[1], &Llvm::Int(1))?;
                let zero = self.int(leaf.ty, 0);
                let ones = self.int(leaf.ty, u128::MAX);
                Some(smallvec![self.b.ins().select(minimum, zero, ones)])
            }
            "trap" | "ubsantrap" => {
                self.b.ins().trap(trap_code());
                // A trap ends a block; whatever follows it is unreachable.
                let rest = self.b.create_block();
                self.b.switch_to_block(rest);
                Some(Values::new())
            }
            "debugtrap" => {
                self.b.ins().debugtrap();
                Some(Values::new())
            }
            "threadlocal.address" => Some(smallvec![self.pointer(&args[0])?]),
            "returnaddress" if is_zero(&args[0]) => Some(smallvec![self.b.ins().get_return_address(types::I64)]),
            "frameaddress" if is_zero(&args[0]) => Some(smallvec![self.b.ins().get_frame_pointer(types::I64)]),
            "ptrmask" => {
                let pointer = self.pointer(&args[0])?;
                let mask = self.scalar(&args[1], &signature.params[1].ty)?;
                Some(smallvec![self.b.ins().band(pointer, mask)])
            }
            "load.relative" => {
                let base = self.pointer(&args[0])?;
                let from = repr::scalar(&signature.params[1].ty)?;
                let offset = self.scalar(&args[1], &signature.params[1].ty)?;
                let offset = self.resize(offset, from.bits, repr::scalar(&Llvm::Int(64))?, true);
                let at = self.b.ins().iadd(base, offset);
                let distance = self.b.ins().load(types::I32, MemFlagsData::new().with_notrap(), at, 0);
                let distance = self.b.ins().sextend(types::I64, distance);
                Some(smallvec![self.b.ins().iadd(base, distance)])
            }
            _ => None,
        })
    }
}

fn is_zero(operand: &Operand) -> bool {
    use cranefly_bitcode::ir::Constant;
    match operand {
        Operand::Constant(Constant::Zero(_)) => true,
        Operand::Constant(Constant::Bits(_, words)) => words.iter().all(|&word| word == 0),
        _ => false,
    }
}

/// The name without `llvm.` and the type suffixes of overloads.
fn base_name(name: &str) -> &str {
    let mut base = name.strip_prefix("llvm.").unwrap_or(name);
    while let Some((rest, last)) = base.rsplit_once('.') {
        if !is_type_suffix(last) {
            break;
        }
        base = rest;
    }
    base
}

/// `i64`, `f32`, `p0`, `v16i8`, `v4p0`, …
fn is_type_suffix(suffix: &str) -> bool {
    let element = match suffix.strip_prefix('v') {
        Some(vector) => vector.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => suffix,
    };
    let Some(digits) = element.strip_prefix(['i', 'f', 'p']) else { return false };
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::base_name;

    #[test]
    fn type_suffixes_are_no_part_of_the_name() {
        assert_eq!(base_name("llvm.memcpy.p0.p0.i64"), "memcpy");
        assert_eq!(base_name("llvm.vector.reduce.and.v16i1"), "vector.reduce.and");
        assert_eq!(base_name("llvm.umul.with.overflow.i128"), "umul.with.overflow");
        assert_eq!(base_name("llvm.x86.sse2.pmovmskb.128"), "x86.sse2.pmovmskb.128");
        assert_eq!(base_name("llvm.fptosi.sat.i32.f64"), "fptosi.sat");
        assert_eq!(base_name("llvm.trap"), "trap");
    }
}
