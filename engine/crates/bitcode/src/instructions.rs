//! Instructions, one by one, except calls (see `calls`).

use smallvec::SmallVec;

use crate::address;
use crate::error::Error;
use crate::ffi::{ValueRef, opcode, type_kind, value_kind};
use crate::function::Decoder;
use crate::ir::{BinaryOp, CastOp, Clause, FloatPredicate, GepTerm, IntPredicate, Op, Ordering, RmwOp};
use crate::scalars;
use crate::types::{Type, TypeRef};

impl Decoder<'_> {
    /// Decodes one instruction, whose result has type `ty`.
    pub(crate) fn instruction(&mut self, value: ValueRef, ty: &TypeRef) -> Result<Op, Error> {
        let api = self.cx.api();
        let code = api.LLVMGetInstructionOpcode(value);
        if let Some(op) = binary_op(code) {
            return Ok(Op::Binary { op, lhs: self.operand_at(value, 0), rhs: self.operand_at(value, 1) });
        }
        if let Some(op) = cast_op(code) {
            let source = api.LLVMGetOperand(value, 0);
            return Ok(Op::Cast { op, value: self.operand(source), from: self.type_of(source) });
        }
        Ok(match code {
            opcode::ALLOCA => self.alloca(value),
            opcode::LOAD => Op::Load {
                pointer: self.operand_at(value, 0),
                align: u64::from(api.LLVMGetAlignment(value)),
                volatile: api.LLVMGetVolatile(value) != 0,
                ordering: ordering(api.LLVMGetOrdering(value)),
            },
            opcode::STORE => {
                let stored = api.LLVMGetOperand(value, 0);
                Op::Store {
                    value: self.operand(stored),
                    pointer: self.operand_at(value, 1),
                    ty: self.type_of(stored),
                    align: u64::from(api.LLVMGetAlignment(value)),
                    volatile: api.LLVMGetVolatile(value) != 0,
                    ordering: ordering(api.LLVMGetOrdering(value)),
                }
            }
            opcode::GET_ELEMENT_PTR => self.get_element_ptr(value, ty),
            opcode::CALL | opcode::INVOKE => self.call(value, code == opcode::INVOKE)?,
            opcode::BR => self.branch(value)?,
            opcode::RET => Op::Ret { value: (api.LLVMGetNumOperands(value) > 0).then(|| self.operand_at(value, 0)) },
            opcode::UNREACHABLE => Op::Unreachable,
            opcode::SWITCH => self.switch(value)?,
            opcode::RESUME => Op::Resume { value: self.operand_at(value, 0) },
            opcode::LANDING_PAD => self.landing_pad(value),
            opcode::PHI => self.phi(value)?,
            opcode::ICMP | opcode::FCMP => self.compare(value, code),
            opcode::SELECT => self.select(value),
            opcode::EXTRACT_VALUE | opcode::INSERT_VALUE => self.aggregate(value, code),
            opcode::EXTRACT_ELEMENT | opcode::INSERT_ELEMENT | opcode::SHUFFLE_VECTOR => self.vector(value, code),
            opcode::FNEG => Op::FNeg { value: self.operand_at(value, 0) },
            opcode::FREEZE => Op::Freeze { value: self.operand_at(value, 0) },
            opcode::FENCE | opcode::CMP_XCHG | opcode::ATOMIC_RMW => self.atomic(value, code),
            opcode::PTR_TO_ADDR => Self::unsupported("ptrtoaddr"),
            4 => Self::unsupported("indirectbr"),
            49 => Self::unsupported("va_arg"),
            67 => Self::unsupported("callbr"),
            61..=65 => Self::unsupported("funclet exception handling"),
            other => Self::unsupported(format!("opcode {other}")),
        })
    }

    fn alloca(&mut self, value: ValueRef) -> Op {
        let api = self.cx.api();
        let Some(size) = self.tables.types.stride(api, api.LLVMGetAllocatedType(value)) else {
            return Self::unsupported("alloca of an unusual type");
        };
        let align = u64::from(api.LLVMGetAlignment(value));
        let count = api.LLVMGetOperand(value, 0);
        if api.LLVMGetValueKind(count) != value_kind::INT {
            return Op::Alloca { size, align, count: Some(self.operand(count)) };
        }
        match size.checked_mul(api.LLVMConstIntGetZExtValue(count)) {
            Some(size) => Op::Alloca { size, align, count: None },
            None => Self::unsupported("alloca larger than the address space"),
        }
    }

    fn get_element_ptr(&mut self, value: ValueRef, ty: &TypeRef) -> Op {
        if !matches!(**ty, Type::Pointer) {
            return Self::unsupported("getelementptr on vectors");
        }
        let (offset, rest) = match address::walk(self.cx, &mut self.tables.types, value) {
            Ok(walked) => walked,
            Err(error) => return Self::unsupported(error.to_string()),
        };
        let base = self.operand_at(value, 0);
        let mut terms: SmallVec<[GepTerm; 1]> = SmallVec::new();
        for (index, scale) in rest {
            let bits = self.type_of(index).bits() as u32;
            terms.push(GepTerm { index: self.operand(index), bits, scale });
        }
        Op::GetElementPtr { base, offset, terms }
    }

    fn branch(&mut self, value: ValueRef) -> Result<Op, Error> {
        let api = self.cx.api();
        let successor = |this: &Self, index| this.block(api.LLVMGetSuccessor(value, index));
        if api.LLVMGetNumSuccessors(value) == 1 {
            return Ok(Op::Br { target: successor(self, 0)? });
        }
        let (on_true, on_false) = (successor(self, 0)?, successor(self, 1)?);
        Ok(Op::CondBr { condition: self.operand(api.LLVMGetCondition(value)), on_true, on_false })
    }

    fn switch(&mut self, value: ValueRef) -> Result<Op, Error> {
        let api = self.cx.api();
        let subject = api.LLVMGetOperand(value, 0);
        let ty = self.type_of(subject);
        let default = self.block(api.LLVMGetSuccessor(value, 0))?;
        let count = api.LLVMGetNumSuccessors(value).saturating_sub(1);
        let bits = ty.bits() as u32;
        let mut cases = Vec::with_capacity(count as usize);
        for index in 0..count {
            let case = scalars::int_words(self.cx, self.cx.switch_case(value, index), bits);
            cases.push((case, self.block(api.LLVMGetSuccessor(value, index + 1))?));
        }
        Ok(Op::Switch { value: self.operand(subject), ty, default, cases })
    }

    fn phi(&mut self, value: ValueRef) -> Result<Op, Error> {
        let api = self.cx.api();
        let count = api.LLVMCountIncoming(value);
        let mut incoming = Vec::with_capacity(count as usize);
        for index in 0..count {
            let block = self.block(api.LLVMGetIncomingBlock(value, index))?;
            incoming.push((block, self.operand(api.LLVMGetIncomingValue(value, index))));
        }
        Ok(Op::Phi { incoming })
    }

    fn landing_pad(&mut self, value: ValueRef) -> Op {
        let api = self.cx.api();
        let clauses = (0..api.LLVMGetNumClauses(value))
            .map(|index| {
                let clause = api.LLVMGetClause(value, index);
                let ty = api.LLVMTypeOf(clause);
                // A filter is an array of type infos, a catch is one.
                if api.LLVMGetTypeKind(ty) == type_kind::ARRAY {
                    match api.LLVMGetArrayLength2(ty) {
                        0 => Clause::FilterAll,
                        count => Clause::Other(format!("filter of {count} types")),
                    }
                } else if api.LLVMGetValueKind(clause) == value_kind::NULL {
                    Clause::CatchAll
                } else {
                    Clause::Other("catch of a type".to_owned())
                }
            })
            .collect();
        Op::LandingPad { cleanup: api.LLVMIsCleanup(value) != 0, clauses }
    }

    fn compare(&mut self, value: ValueRef, code: i32) -> Op {
        let api = self.cx.api();
        let left = api.LLVMGetOperand(value, 0);
        let ty = self.type_of(left);
        let (lhs, rhs) = (self.operand(left), self.operand_at(value, 1));
        if code == opcode::ICMP {
            match int_predicate(api.LLVMGetICmpPredicate(value)) {
                Some(predicate) => Op::ICmp { predicate, ty, lhs, rhs },
                None => Self::unsupported("icmp predicate"),
            }
        } else {
            match float_predicate(api.LLVMGetFCmpPredicate(value)) {
                Some(predicate) => Op::FCmp { predicate, ty, lhs, rhs },
                None => Self::unsupported("fcmp predicate"),
            }
        }
    }

    fn select(&mut self, value: ValueRef) -> Op {
        let condition = self.cx.api().LLVMGetOperand(value, 0);
        Op::Select {
            condition: self.operand(condition),
            condition_ty: self.type_of(condition),
            on_true: self.operand_at(value, 1),
            on_false: self.operand_at(value, 2),
        }
    }

    fn aggregate(&mut self, value: ValueRef, code: i32) -> Op {
        let api = self.cx.api();
        let count = api.LLVMGetNumIndices(value) as usize;
        // SAFETY: LLVM gives `count` indices, which the instruction owns.
        let indices = unsafe { std::slice::from_raw_parts(api.LLVMGetIndices(value), count) };
        let indices = SmallVec::from_slice(indices);
        let aggregate = api.LLVMGetOperand(value, 0);
        if code == opcode::EXTRACT_VALUE {
            return Op::ExtractValue { aggregate: self.operand(aggregate), ty: self.type_of(aggregate), indices };
        }
        let inserted = api.LLVMGetOperand(value, 1);
        Op::InsertValue {
            aggregate: self.operand(aggregate),
            value: self.operand(inserted),
            value_ty: self.type_of(inserted),
            indices,
        }
    }

    fn vector(&mut self, value: ValueRef, code: i32) -> Op {
        let api = self.cx.api();
        let first = api.LLVMGetOperand(value, 0);
        let ty = self.type_of(first);
        match code {
            opcode::EXTRACT_ELEMENT => {
                Op::ExtractElement { vector: self.operand(first), ty, index: self.operand_at(value, 1) }
            }
            opcode::INSERT_ELEMENT => Op::InsertElement {
                vector: self.operand(first),
                value: self.operand_at(value, 1),
                index: self.operand_at(value, 2),
            },
            _ => {
                let lanes = api.LLVMGetNumMaskElements(value);
                let mask = (0..lanes).map(|lane| api.LLVMGetMaskValue(value, lane).max(-1)).collect();
                Op::ShuffleVector { a: self.operand(first), b: self.operand_at(value, 1), ty, mask }
            }
        }
    }

    fn atomic(&mut self, value: ValueRef, code: i32) -> Op {
        let api = self.cx.api();
        if code == opcode::CMP_XCHG {
            let expected = api.LLVMGetOperand(value, 1);
            return Op::CmpXchg {
                pointer: self.operand_at(value, 0),
                expected: self.operand(expected),
                new: self.operand_at(value, 2),
                value_ty: self.type_of(expected),
            };
        }
        let Some(ordering) = ordering(api.LLVMGetOrdering(value)) else {
            return Self::unsupported("atomic operation without an ordering");
        };
        if code == opcode::FENCE {
            return Op::Fence { ordering };
        }
        Op::AtomicRmw {
            op: rmw_op(api.LLVMGetAtomicRMWBinOp(value)),
            pointer: self.operand_at(value, 0),
            value: self.operand_at(value, 1),
            ordering,
        }
    }
}

/// `LLVMOpcode` 8–25.
fn binary_op(code: i32) -> Option<BinaryOp> {
    use BinaryOp::*;
    const OPS: [BinaryOp; 18] =
        [Add, FAdd, Sub, FSub, Mul, FMul, UDiv, SDiv, FDiv, URem, SRem, FRem, Shl, LShr, AShr, And, Or, Xor];
    OPS.get(usize::try_from(code.checked_sub(opcode::ADD)?).ok()?).copied()
}

/// `LLVMOpcode` 30–41, and 60.
fn cast_op(code: i32) -> Option<CastOp> {
    use CastOp::*;
    const OPS: [CastOp; 12] =
        [Trunc, ZExt, SExt, FPToUI, FPToSI, UIToFP, SIToFP, FPTrunc, FPExt, PtrToInt, IntToPtr, BitCast];
    if code == opcode::ADDR_SPACE_CAST {
        return Some(AddrSpaceCast);
    }
    OPS.get(usize::try_from(code.checked_sub(opcode::TRUNC)?).ok()?).copied()
}

/// `LLVMIntPredicate`, from 32.
fn int_predicate(number: i32) -> Option<IntPredicate> {
    use IntPredicate::*;
    const PREDICATES: [IntPredicate; 10] = [Eq, Ne, Ugt, Uge, Ult, Ule, Sgt, Sge, Slt, Sle];
    PREDICATES.get(usize::try_from(number.checked_sub(32)?).ok()?).copied()
}

/// `LLVMRealPredicate`.
fn float_predicate(number: i32) -> Option<FloatPredicate> {
    use FloatPredicate::*;
    const PREDICATES: [FloatPredicate; 16] =
        [False, Oeq, Ogt, Oge, Olt, Ole, One, Ord, Uno, Ueq, Ugt, Uge, Ult, Ule, Une, True];
    PREDICATES.get(usize::try_from(number).ok()?).copied()
}

/// `LLVMAtomicOrdering`; `None` for a plain access.
fn ordering(number: i32) -> Option<Ordering> {
    match number {
        1 => Some(Ordering::Unordered),
        2 => Some(Ordering::Monotonic),
        4 => Some(Ordering::Acquire),
        5 => Some(Ordering::Release),
        6 => Some(Ordering::AcquireRelease),
        7 => Some(Ordering::SequentiallyConsistent),
        _ => None,
    }
}

/// `LLVMAtomicRMWBinOp`.
fn rmw_op(number: i32) -> RmwOp {
    use RmwOp::*;
    const OPS: [RmwOp; 11] = [Xchg, Add, Sub, And, Nand, Or, Xor, Max, Min, UMax, UMin];
    usize::try_from(number).ok().and_then(|number| OPS.get(number).copied()).unwrap_or(Other)
}
