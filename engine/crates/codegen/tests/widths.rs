//! Hand-made functions over integers of every width, against a model in 128-bit arithmetic: rustc makes few operations
//! on odd widths, optimised bitcode of dependencies may hold any.

mod support;

use std::sync::Arc;

use cranefly_bitcode::ir::*;
use cranefly_bitcode::types::{Type, TypeRef};
use cranefly_codegen::cranelift::{Compiler, Flags};
use support::linker::link_one;

const WIDTHS: [u32; 22] = [1, 2, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 48, 56, 63, 64, 65, 80, 127, 128];

/// A small deterministic generator (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn wide(&mut self) -> u128 {
        u128::from(self.next()) << 64 | u128::from(self.next())
    }
}

fn mask(bits: u32) -> u128 {
    if bits == 128 { u128::MAX } else { (1 << bits) - 1 }
}

fn signed(value: u128, bits: u32) -> i128 {
    (value << (128 - bits)) as i128 >> (128 - bits)
}

/// `fn(out: *mut iR, a: *const iN, b: *const iN)` that loads, does one thing, and stores.
fn function(bits: u32, result: TypeRef, op: impl FnOnce(Operand, Operand) -> Op) -> Function {
    let pointer: TypeRef = Arc::new(Type::Pointer);
    let int: TypeRef = Arc::new(Type::Int(bits));
    let void: TypeRef = Arc::new(Type::Void);
    let value = |id| Operand::Value(ValueId(id));
    let param = Param { ty: pointer.clone(), extension: Extension::None, sret: false, byval: None };
    let load = |result: u32, from: u32| Instruction {
        result: Some(ValueId(result)),
        ty: int.clone(),
        op: Op::Load { pointer: value(from), align: 1, volatile: false, ordering: None },
        location: None,
    };
    let effect = |op: Op| Instruction { result: None, ty: void.clone(), op, location: None };
    let instructions = vec![
        load(3, 1),
        load(4, 2),
        Instruction { result: Some(ValueId(5)), ty: result.clone(), op: op(value(3), value(4)), location: None },
        effect(Op::Store { pointer: value(0), value: value(5), ty: result, align: 1, volatile: false, ordering: None }),
        effect(Op::Ret { value: None }),
    ];
    Function {
        signature: Signature {
            ret: void.clone(),
            ret_extension: Extension::None,
            params: vec![param.clone(), param.clone(), param],
            variadic: false,
            call_conv: 0,
        },
        personality: None,
        nounwind: true,
        align: 0,
        blocks: vec![Block { instructions }],
        values: 6,
        symbols: Vec::new(),
        locations: Vec::new(),
        subprogram: None,
        attributes: Vec::new(),
    }
}

fn intrinsic(name: &str, bits: u32, result: &TypeRef, args: Vec<Operand>) -> Op {
    let int: TypeRef = Arc::new(Type::Int(bits));
    let param = Param { ty: int, extension: Extension::None, sret: false, byval: None };
    let params = vec![param; args.len()];
    let signature =
        Signature { ret: result.clone(), ret_extension: Extension::None, params, variadic: false, call_conv: 0 };
    Op::Call { callee: Callee::Intrinsic(format!("llvm.{name}.i{bits}").into()), signature, args, unwind: None }
}

/// Bytes behind the result that must stay as they are.
const GUARD: u8 = 0xa5;

/// Runs `function` over edge cases and random values and compares with `model`, which gives `None` for poison.
fn check(what: &str, bits: u32, result_bits: u32, function: &Function, model: impl Fn(u128, u128) -> Option<u128>) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ u64::from(bits));
    let top = 1u128 << (bits - 1);
    let mut values = vec![0, 1, 2, 3, u128::from(bits) - 1, top, top - 1, top + 1, !0, !0 - 1, !0 - 2];
    values.extend((0..12).map(|_| random.wide()));
    values.extend((0..12).map(|_| random.wide() >> (random.next() % 128)));
    check_values(what, bits, result_bits, function, &values, model);
}

/// As [`check`], over every pair of `values`.
fn check_values(
    what: &str,
    bits: u32,
    result_bits: u32,
    function: &Function,
    values: &[u128],
    model: impl Fn(u128, u128) -> Option<u128>,
) {
    let mut compiler = Compiler::new(Flags { verify: true, ..Flags::default() });
    let code = compiler.compile(function).unwrap_or_else(|error| panic!("{what} i{bits}: {error}"));
    let address = link_one(&code);
    // SAFETY: the signature that `function` builds.
    let run: extern "C" fn(*mut u8, *const u8, *const u8) = unsafe { std::mem::transmute(address) };
    let (size, result_size) = (bits.div_ceil(8) as usize, result_bits.div_ceil(8) as usize);
    for &a in values {
        for &b in values {
            let (a, b) = (a & mask(bits), b & mask(bits));
            let Some(expected) = model(a, b) else { continue };
            let (left, right) = (a.to_le_bytes(), b.to_le_bytes());
            let mut out = [GUARD; 32];
            run(out.as_mut_ptr(), left[..size].as_ptr(), right[..size].as_ptr());
            let mut wanted = [GUARD; 32];
            wanted[..result_size].copy_from_slice(&(expected & mask(result_bits)).to_le_bytes()[..result_size]);
            assert_eq!(out, wanted, "{what} i{bits} {a:#x} {b:#x}\n{}", compiler.clif());
        }
    }
}

#[test]
fn binary_operations() {
    use BinaryOp::*;
    for bits in WIDTHS {
        for op in [Add, Sub, Mul, UDiv, SDiv, URem, SRem, Shl, LShr, AShr, And, Or, Xor] {
            let body = function(bits, Arc::new(Type::Int(bits)), |lhs, rhs| Op::Binary { op, lhs, rhs });
            let least = signed(1 << (bits - 1), bits);
            check(&format!("{op:?}"), bits, bits, &body, |a, b| {
                let (x, y) = (signed(a, bits), signed(b, bits));
                let shift = (b < u128::from(bits)).then_some(b as u32);
                let divides = y != 0 && !(x == least && y == -1);
                Some(match op {
                    Add => a.wrapping_add(b),
                    Sub => a.wrapping_sub(b),
                    Mul => a.wrapping_mul(b),
                    UDiv => a.checked_div(b)?,
                    URem => a.checked_rem(b)?,
                    SDiv => divides.then(|| x / y)? as u128,
                    SRem => divides.then(|| x % y)? as u128,
                    Shl => a << shift?,
                    LShr => a >> shift?,
                    AShr => (x >> shift?) as u128,
                    And => a & b,
                    Or => a | b,
                    Xor => a ^ b,
                    _ => unreachable!("not listed"),
                })
            });
        }
    }
}

#[test]
fn comparisons() {
    use IntPredicate::*;
    for bits in WIDTHS {
        for predicate in [Eq, Ne, Ugt, Uge, Ult, Ule, Sgt, Sge, Slt, Sle] {
            let ty: TypeRef = Arc::new(Type::Int(bits));
            let body = function(bits, Arc::new(Type::Int(1)), |lhs, rhs| Op::ICmp { predicate, ty, lhs, rhs });
            check(&format!("{predicate:?}"), bits, 1, &body, |a, b| {
                let (x, y) = (signed(a, bits), signed(b, bits));
                Some(u128::from(match predicate {
                    Eq => a == b,
                    Ne => a != b,
                    Ugt => a > b,
                    Uge => a >= b,
                    Ult => a < b,
                    Ule => a <= b,
                    Sgt => x > y,
                    Sge => x >= y,
                    Slt => x < y,
                    Sle => x <= y,
                }))
            });
        }
    }
}

#[test]
fn conversions() {
    for from in WIDTHS {
        for to in WIDTHS {
            let source: TypeRef = Arc::new(Type::Int(from));
            for op in [CastOp::Trunc, CastOp::ZExt, CastOp::SExt] {
                if matches!(op, CastOp::Trunc) == (to > from) || to == from {
                    continue;
                }
                let source = source.clone();
                let body = function(from, Arc::new(Type::Int(to)), |value, _| Op::Cast { op, value, from: source });
                check(&format!("{op:?} to i{to} from"), from, to, &body, |a, _| {
                    Some(if matches!(op, CastOp::SExt) { signed(a, from) as u128 } else { a })
                });
            }
        }
    }
}

#[test]
fn single_operand_intrinsics() {
    for bits in WIDTHS {
        for name in ["ctlz", "cttz", "ctpop", "bitreverse", "bswap", "abs"] {
            if name == "bswap" && !bits.is_multiple_of(16) {
                continue;
            }
            let ty: TypeRef = Arc::new(Type::Int(bits));
            let result = ty.clone();
            let body = function(bits, ty, |value, _| intrinsic(name, bits, &result, vec![value]));
            check(name, bits, bits, &body, |a, _| {
                Some(match name {
                    "ctlz" => u128::from(a.leading_zeros() - (128 - bits)),
                    "cttz" => u128::from(a.trailing_zeros().min(bits)),
                    "ctpop" => u128::from(a.count_ones()),
                    "bitreverse" => a.reverse_bits() >> (128 - bits),
                    "bswap" => a.swap_bytes() >> (128 - bits),
                    _ => signed(a, bits).wrapping_abs() as u128,
                })
            });
        }
    }
}

#[test]
fn two_operand_intrinsics() {
    let names =
        ["uadd.sat", "usub.sat", "sadd.sat", "ssub.sat", "umin", "umax", "smin", "smax", "fshl", "fshr", "rotl"];
    for bits in WIDTHS {
        for name in names {
            let ty: TypeRef = Arc::new(Type::Int(bits));
            let result = ty.clone();
            let body = function(bits, ty, |a, b| match name {
                "fshl" | "fshr" => intrinsic(name, bits, &result, vec![a.clone(), b, a]),
                "rotl" => intrinsic("fshl", bits, &result, vec![a.clone(), a, b]),
                _ => intrinsic(name, bits, &result, vec![a, b]),
            });
            let clamp = |value: i128| value.clamp(signed(1 << (bits - 1), bits), (mask(bits) >> 1) as i128) as u128;
            check(name, bits, bits, &body, |a, b| {
                let (x, y) = (signed(a, bits), signed(b, bits));
                let funnel = |high: u128, low: u128, amount: u128, left: bool| {
                    let amount = (amount % u128::from(bits)) as u32;
                    let (up, down) = if left { (amount, bits - amount) } else { (bits - amount, amount) };
                    let high = if up >= bits { 0 } else { high << up };
                    let low = if down >= bits { 0 } else { (low & mask(bits)) >> down };
                    match (amount, left) {
                        (0, true) => high,
                        (0, false) => low,
                        _ => high | low,
                    }
                };
                Some(match name {
                    "uadd.sat" => a.saturating_add(b).min(mask(bits)),
                    "usub.sat" => a.saturating_sub(b),
                    "sadd.sat" => clamp(x.saturating_add(y)),
                    "ssub.sat" => clamp(x.saturating_sub(y)),
                    "umin" => a.min(b),
                    "umax" => a.max(b),
                    "smin" => x.min(y) as u128,
                    "smax" => x.max(y) as u128,
                    "fshl" => funnel(a, b, a, true),
                    "fshr" => funnel(a, b, a, false),
                    _ => funnel(a, a, b, true),
                })
            });
        }
    }
}

#[test]
fn overflow_flags() {
    for bits in WIDTHS {
        for name in ["uadd", "sadd", "usub", "ssub", "umul", "smul"] {
            // Only the flag is stored; the value is what `binary_operations` checks.
            for field in 0..2u32 {
                let int: TypeRef = Arc::new(Type::Int(bits));
                let flag: TypeRef = Arc::new(Type::Int(1));
                let pair: TypeRef = Arc::new(Type::Struct { packed: false, fields: vec![int.clone(), flag.clone()] });
                let ty = if field == 0 { int } else { flag };
                let mut body = function(bits, ty.clone(), |aggregate, _| Op::ExtractValue {
                    aggregate,
                    ty: pair.clone(),
                    indices: smallvec::smallvec![field],
                });
                // The pair goes between the loads and the extraction.
                let call = Instruction {
                    result: Some(ValueId(6)),
                    ty: pair.clone(),
                    op: intrinsic(
                        &format!("{name}.with.overflow"),
                        bits,
                        &pair,
                        vec![Operand::Value(ValueId(3)), Operand::Value(ValueId(4))],
                    ),
                    location: None,
                };
                body.values = 7;
                let instructions = &mut body.blocks[0].instructions;
                instructions.insert(2, call);
                if let Op::ExtractValue { aggregate, .. } = &mut instructions[3].op {
                    *aggregate = Operand::Value(ValueId(6));
                }
                let result_bits = if field == 0 { bits } else { 1 };
                check(&format!("{name}.with.overflow field {field}"), bits, result_bits, &body, |a, b| {
                    let (x, y) = (signed(a, bits), signed(b, bits));
                    let fits_unsigned = |value: Option<u128>| value.is_some_and(|value| value <= mask(bits));
                    let fits_signed = |value: Option<i128>| {
                        value.is_some_and(|value| signed(value as u128 & mask(bits), bits) == value)
                    };
                    let (value, fits) = match name {
                        "uadd" => (a.wrapping_add(b), fits_unsigned(a.checked_add(b))),
                        "usub" => (a.wrapping_sub(b), fits_unsigned(a.checked_sub(b))),
                        "umul" => (a.wrapping_mul(b), fits_unsigned(a.checked_mul(b))),
                        "sadd" => (a.wrapping_add(b), fits_signed(x.checked_add(y))),
                        "ssub" => (a.wrapping_sub(b), fits_signed(x.checked_sub(y))),
                        _ => (a.wrapping_mul(b), fits_signed(x.checked_mul(y))),
                    };
                    Some(if field == 0 { value } else { u128::from(!fits) })
                });
            }
        }
    }
}

/// Floats around every power of two, and what is no number.
fn floats() -> Vec<f64> {
    let mut floats = vec![0.0, -0.0, 0.5, -0.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MIN_POSITIVE];
    for power in 0..131 {
        let float = 2f64.powi(power);
        floats.extend([float, float.next_down(), float.next_up(), -float, (-float).next_down(), (-float).next_up()]);
    }
    floats
}

#[test]
fn floats_to_integers() {
    let values: Vec<u128> = floats().iter().map(|float| u128::from(float.to_bits())).collect();
    for bits in WIDTHS {
        for (name, is_signed) in [("fptosi.sat", true), ("fptoui.sat", false)] {
            let ty: TypeRef = Arc::new(Type::Int(bits));
            let double: TypeRef = Arc::new(Type::Double);
            let mut body = function(64, ty.clone(), |value, _| {
                let Op::Call { mut signature, args, unwind, .. } = intrinsic(name, bits, &ty, vec![value]) else {
                    unreachable!("a call")
                };
                signature.params[0].ty = double.clone();
                Op::Call {
                    callee: Callee::Intrinsic(format!("llvm.{name}.i{bits}.f64").into()),
                    signature,
                    args,
                    unwind,
                }
            });
            for load in &mut body.blocks[0].instructions[..2] {
                load.ty = double.clone();
            }
            check_values(name, 64, bits, &body, &values, |a, b| {
                let float = f64::from_bits(a as u64);
                let least = signed(1 << (bits - 1), bits);
                // The second operand plays no part: one is enough.
                (b == 0).then(|| match is_signed {
                    true => (float as i128).clamp(least, -(least + 1)) as u128,
                    false => (float as u128).min(mask(bits)),
                })
            });
        }
    }
}

#[test]
fn integers_to_floats() {
    for bits in WIDTHS {
        for (op, is_signed) in [(CastOp::SIToFP, true), (CastOp::UIToFP, false)] {
            let from: TypeRef = Arc::new(Type::Int(bits));
            let body = function(bits, Arc::new(Type::Double), |value, _| Op::Cast { op, value, from });
            check(&format!("{op:?}"), bits, 64, &body, |a, _| {
                let float = if is_signed { signed(a, bits) as f64 } else { a as f64 };
                Some(u128::from(float.to_bits()))
            });
        }
    }
}
