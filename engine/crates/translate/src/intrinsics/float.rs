//! Floating point intrinsics: single instructions where SSE2 has them, libm otherwise.

use cranefly_bitcode::ir::{Operand, Signature};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, Value, types};
use smallvec::smallvec;

use crate::error::Result;
use crate::repr::{self, Leaf, Values};
use crate::translator::Translator;

impl Translator<'_> {
    pub fn intrinsic_of_floats(
        &mut self,
        base: &str,
        ret: &Llvm,
        signature: &Signature,
        args: &[Operand],
    ) -> Result<Option<Values>> {
        if matches!(base, "fptosi.sat" | "fptoui.sat") {
            return self.saturating_conversion(base == "fptosi.sat", ret, signature, args).map(Some);
        }
        if base == "powi" {
            let leaf = repr::scalar(ret)?;
            let name = if leaf.ty == types::F32 { "__powisf2" } else { "__powidf2" };
            let value = self.scalar(&args[0], ret)?;
            let power = self.scalar(&args[1], &signature.params[1].ty)?;
            return Ok(Some(smallvec![self.runtime_call(name, &[value, power], Some(leaf.ty)).expect("result")]));
        }
        let native = matches!(
            base,
            "fabs"
                | "sqrt"
                | "copysign"
                | "fmuladd"
                | "minnum"
                | "maxnum"
                | "minimum"
                | "maximum"
                | "minimumnum"
                | "maximumnum"
                | "canonicalize"
        );
        if !native && library_name(base, types::F64).is_none() {
            return Ok(None);
        }
        let mut parts = Vec::with_capacity(args.len());
        for arg in args {
            parts.push(self.operand(arg, ret)?);
        }
        let Some(shape) = repr::vector_shape(ret)? else {
            let row: Values = parts.iter().map(|part| part[0]).collect();
            let leaf = repr::scalar(ret)?;
            return Ok(Some(smallvec![self.float_operation(base, leaf, &row)]));
        };
        let parts: Vec<&[Value]> = parts.iter().map(|part| part.as_slice()).collect();
        self.by_lanes(&shape, &shape, &parts, |this, row| Ok(this.float_operation(base, shape.lane, row))).map(Some)
    }

    fn saturating_conversion(
        &mut self,
        signed: bool,
        ret: &Llvm,
        signature: &Signature,
        args: &[Operand],
    ) -> Result<Values> {
        let from = &*signature.params[0].ty;
        let values = self.operand(&args[0], from)?;
        if let Some(source) = repr::vector_shape(from)? {
            let target = self.vector_type(ret)?;
            return self.by_lanes(&source, &target, &[&values], |this, row| {
                Ok(this.float_to_int(row[0], source.lane, target.lane, signed))
            });
        }
        Ok(smallvec![self.float_to_int(values[0], repr::scalar(from)?, repr::scalar(ret)?, signed)])
    }

    fn float_operation(&mut self, base: &str, leaf: Leaf, args: &[Value]) -> Value {
        let a = args[0];
        match base {
            "fabs" => self.b.ins().fabs(a),
            "sqrt" => self.b.ins().sqrt(a),
            "copysign" => self.b.ins().fcopysign(a, args[1]),
            "canonicalize" => {
                let one = self.float(leaf.ty, 1.0);
                self.b.ins().fmul(a, one)
            }
            // Without FMA instructions LLVM does not fuse this one.
            "fmuladd" => {
                let product = self.b.ins().fmul(a, args[1]);
                self.b.ins().fadd(product, args[2])
            }
            "minimum" => self.b.ins().fmin(a, args[1]),
            "maximum" => self.b.ins().fmax(a, args[1]),
            // As LLVM's own lowering to `minsd` / `maxsd`, zeros of different sign included.
            "minnum" => self.number(FloatCC::LessThan, a, args[1]),
            "maxnum" => self.number(FloatCC::GreaterThan, a, args[1]),
            "minimumnum" | "maximumnum" => {
                let b = args[1];
                let best = if base == "minimumnum" { self.b.ins().fmin(a, b) } else { self.b.ins().fmax(a, b) };
                let b_nan = self.is_nan(b);
                let best = self.b.ins().select(b_nan, a, best);
                let a_nan = self.is_nan(a);
                self.b.ins().select(a_nan, b, best)
            }
            _ => {
                let name = library_name(base, leaf.ty).expect("checked by the caller");
                self.runtime_call(name, args, Some(leaf.ty)).expect("has a result")
            }
        }
    }

    fn number(&mut self, condition: FloatCC, a: Value, b: Value) -> Value {
        let second = self.b.ins().fcmp(condition, b, a);
        let best = self.b.ins().select(second, b, a);
        let nan = self.is_nan(a);
        self.b.ins().select(nan, b, best)
    }
}

/// libm's function for an intrinsic.
fn library_name(base: &str, ty: cranelift_codegen::ir::Type) -> Option<&'static str> {
    let (single, double) = match base {
        "floor" => ("floorf", "floor"),
        "ceil" => ("ceilf", "ceil"),
        "trunc" => ("truncf", "trunc"),
        "rint" => ("rintf", "rint"),
        "nearbyint" => ("nearbyintf", "nearbyint"),
        "round" => ("roundf", "round"),
        "roundeven" => ("roundevenf", "roundeven"),
        "fma" => ("fmaf", "fma"),
        "pow" => ("powf", "pow"),
        "exp" => ("expf", "exp"),
        "exp2" => ("exp2f", "exp2"),
        "log" => ("logf", "log"),
        "log2" => ("log2f", "log2"),
        "log10" => ("log10f", "log10"),
        "sin" => ("sinf", "sin"),
        "cos" => ("cosf", "cos"),
        "tan" => ("tanf", "tan"),
        _ => return None,
    };
    Some(if ty == types::F32 { single } else { double })
}
