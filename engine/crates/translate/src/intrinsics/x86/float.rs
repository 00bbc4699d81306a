//! Instructions on floats: minima, comparisons, conversions, rounding. The rounding mode is that of a Rust program, to the
//! nearest even.

use cranefly_bitcode::ir::{FloatPredicate, Operand, Signature};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Type, Value, types};
use smallvec::smallvec;

use super::immediate;
use crate::error::{Result, unsupported};
use crate::repr::{self, Values};
use crate::translator::Translator;

impl Translator<'_> {
    pub(super) fn x86_on_floats(
        &mut self,
        name: &str,
        ret: &Llvm,
        signature: &Signature,
        args: &[Operand],
    ) -> Result<Option<Values>> {
        // What ends in `.ss` and `.sd` computes lane 0 and takes the others from the first argument.
        let is_scalar = name.ends_with(".ss") || name.ends_with(".sd");
        let Some((_, operation)) = name.split_once('.') else { return Ok(None) };
        Ok(Some(match operation {
            "min.ps" | "min.ss" | "min.pd" | "min.sd" | "min.ps.256" | "min.pd.256" => {
                self.by_float_lanes(is_scalar, signature, args, |this, a, b| {
                    this.the_one_that(FloatCC::LessThan, a, b)
                })?
            }
            "max.ps" | "max.ss" | "max.pd" | "max.sd" | "max.ps.256" | "max.pd.256" => {
                self.by_float_lanes(is_scalar, signature, args, |this, a, b| {
                    this.the_one_that(FloatCC::GreaterThan, a, b)
                })?
            }
            "cmp.ps" | "cmp.ss" | "cmp.pd" | "cmp.sd" | "cmp.ps.256" | "cmp.pd.256" => {
                let Some(predicate) = immediate(&args[2]) else { unsupported!("comparison by a variable predicate") };
                let predicate = PREDICATES[predicate as usize % PREDICATES.len()];
                self.by_float_lanes(is_scalar, signature, args, |this, a, b| {
                    let holds = this.scalar_fcmp(predicate, a, b);
                    let ty = this.b.func.dfg.value_type(a);
                    let wide = this.b.ins().uextend(int_of(ty), holds);
                    let mask = this.b.ins().ineg(wide);
                    this.b.ins().bitcast(ty, MemFlagsData::new(), mask)
                })?
            }
            "round.ps" | "round.pd" | "round.ps.256" | "round.pd.256" => {
                let Some(how) = immediate(&args[1]) else { unsupported!("rounding by a variable mode") };
                let (shape, lanes) = self.argument_lanes(signature, args, 0)?;
                let rounded: Values = lanes.iter().map(|&lane| self.round(lane, how)).collect();
                self.join_lanes(&shape, &rounded)
            }
            "round.ss" | "round.sd" => {
                let Some(how) = immediate(&args[2]) else { unsupported!("rounding by a variable mode") };
                self.by_float_lanes(true, signature, args, |this, _, b| this.round(b, how))?
            }
            "cvtss2si" | "cvtss2si64" | "cvtsd2si" | "cvtsd2si64" => {
                let (_, lanes) = self.argument_lanes(signature, args, 0)?;
                smallvec![self.float_to_integer(lanes[0], repr::scalar(ret)?.ty, true)]
            }
            "cvttss2si" | "cvttss2si64" | "cvttsd2si" | "cvttsd2si64" => {
                let (_, lanes) = self.argument_lanes(signature, args, 0)?;
                smallvec![self.float_to_integer(lanes[0], repr::scalar(ret)?.ty, false)]
            }
            "cvtps2dq" | "cvtpd2dq" | "cvt.ps2dq.256" | "cvt.pd2dq.256" => {
                self.floats_to_integers(ret, signature, args, true)?
            }
            "cvttps2dq" | "cvttpd2dq" | "cvtt.ps2dq.256" | "cvtt.pd2dq.256" => {
                self.floats_to_integers(ret, signature, args, false)?
            }
            "cvtsd2ss" => {
                let (shape, mut lanes) = self.argument_lanes(signature, args, 0)?;
                let (_, doubles) = self.argument_lanes(signature, args, 1)?;
                lanes[0] = self.b.ins().fdemote(types::F32, doubles[0]);
                self.join_lanes(&shape, &lanes)
            }
            _ => {
                let Some(predicate) = flag_comparison(operation) else { return Ok(None) };
                let (_, a) = self.argument_lanes(signature, args, 0)?;
                let (_, b) = self.argument_lanes(signature, args, 1)?;
                let holds = self.scalar_fcmp(predicate, a[0], b[0]);
                smallvec![self.b.ins().uextend(types::I32, holds)]
            }
        }))
    }

    /// Computes the lanes of the result, or only lane 0, from those of the two arguments.
    fn by_float_lanes(
        &mut self,
        is_scalar: bool,
        signature: &Signature,
        args: &[Operand],
        mut operation: impl FnMut(&mut Self, Value, Value) -> Value,
    ) -> Result<Values> {
        let (shape, mut a) = self.argument_lanes(signature, args, 0)?;
        let (_, b) = self.argument_lanes(signature, args, 1)?;
        let computed = if is_scalar { 1 } else { a.len() };
        for (a, &b) in a.iter_mut().zip(&b).take(computed) {
            *a = operation(self, *a, b);
        }
        Ok(self.join_lanes(&shape, &a))
    }

    /// `a` if the comparison holds, and `b` if it does not, equal zeros and what is not a number included.
    fn the_one_that(&mut self, condition: FloatCC, a: Value, b: Value) -> Value {
        let holds = self.b.ins().fcmp(condition, a, b);
        self.b.ins().select(holds, a, b)
    }

    /// `how` as in `roundps`; what asks for the current mode gets the only one.
    fn round(&mut self, value: Value, how: u64) -> Value {
        match how & 7 {
            1 => self.b.ins().floor(value),
            2 => self.b.ins().ceil(value),
            3 => self.b.ins().trunc(value),
            _ => self.b.ins().nearest(value),
        }
    }

    fn floats_to_integers(
        &mut self,
        ret: &Llvm,
        signature: &Signature,
        args: &[Operand],
        round: bool,
    ) -> Result<Values> {
        let (_, lanes) = self.argument_lanes(signature, args, 0)?;
        let to = self.vector_type(ret)?;
        let mut integers: Values = lanes.iter().map(|&lane| self.float_to_integer(lane, to.lane.ty, round)).collect();
        while integers.len() < to.lanes as usize {
            let zero = self.zero(to.lane.ty);
            integers.push(zero);
        }
        Ok(self.join_lanes(&to, &integers))
    }

    /// What is out of range, or not a number, becomes the smallest integer.
    fn float_to_integer(&mut self, value: Value, ty: Type, round: bool) -> Value {
        let value = if round { self.b.ins().nearest(value) } else { value };
        // Below the range, saturation gives this integer by itself.
        let smallest = self.int(ty, 1 << (ty.bits() - 1));
        let end = self.float(self.b.func.dfg.value_type(value), f64::from(ty.bits() - 1).exp2());
        let fits = self.b.ins().fcmp(FloatCC::LessThan, value, end);
        let integer = self.b.ins().fcvt_to_sint_sat(ty, value);
        self.b.ins().select(fits, integer, smallest)
    }
}

/// By the low bits of the predicate of `cmpps`; bit 4 only says whether quiet values that are not numbers raise a flag.
const PREDICATES: [FloatPredicate; 16] = [
    FloatPredicate::Oeq,
    FloatPredicate::Olt,
    FloatPredicate::Ole,
    FloatPredicate::Uno,
    FloatPredicate::Une,
    FloatPredicate::Uge,
    FloatPredicate::Ugt,
    FloatPredicate::Ord,
    FloatPredicate::Ueq,
    FloatPredicate::Ult,
    FloatPredicate::Ule,
    FloatPredicate::False,
    FloatPredicate::One,
    FloatPredicate::Oge,
    FloatPredicate::Ogt,
    FloatPredicate::True,
];

/// `comieq.ss`, `ucomige.sd` and so on: what `core::arch` wants to know of the flags.
fn flag_comparison(operation: &str) -> Option<FloatPredicate> {
    let (name, width) = operation.split_once('.')?;
    if !matches!(width, "ss" | "sd") {
        return None;
    }
    Some(match name.strip_prefix('u').unwrap_or(name).strip_prefix("comi")? {
        "eq" => FloatPredicate::Oeq,
        "lt" => FloatPredicate::Olt,
        "le" => FloatPredicate::Ole,
        "gt" => FloatPredicate::Ogt,
        "ge" => FloatPredicate::Oge,
        "neq" => FloatPredicate::Une,
        _ => return None,
    })
}

fn int_of(float: Type) -> Type {
    if float == types::F32 { types::I32 } else { types::I64 }
}
