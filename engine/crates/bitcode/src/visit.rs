//! Walking over operands.

use crate::ir::{Callee, Clause, Constant, Function, Op, Operand};

impl Op {
    /// Calls `visit` with every operand.
    pub fn for_each_operand<'op>(&'op self, visit: &mut impl FnMut(&'op Operand)) {
        match self {
            Self::Alloca { count, .. } => count.iter().for_each(visit),
            Self::Load { pointer, .. } => visit(pointer),
            Self::Store { pointer, value, .. } | Self::AtomicRmw { pointer, value, .. } => {
                visit(pointer);
                visit(value);
            }
            Self::GetElementPtr { base, terms, .. } => {
                visit(base);
                terms.iter().for_each(|term| visit(&term.index));
            }
            Self::Binary { lhs, rhs, .. } | Self::ICmp { lhs, rhs, .. } | Self::FCmp { lhs, rhs, .. } => {
                visit(lhs);
                visit(rhs);
            }
            Self::FNeg { value }
            | Self::Cast { value, .. }
            | Self::Resume { value }
            | Self::Freeze { value }
            | Self::Switch { value, .. } => visit(value),
            Self::Select { condition, on_true, on_false, .. } => {
                visit(condition);
                visit(on_true);
                visit(on_false);
            }
            Self::ExtractValue { aggregate, .. } => visit(aggregate),
            Self::InsertValue { aggregate, value, .. } => {
                visit(aggregate);
                visit(value);
            }
            Self::ExtractElement { vector, index, .. } => {
                visit(vector);
                visit(index);
            }
            Self::InsertElement { vector, value, index } => {
                visit(vector);
                visit(value);
                visit(index);
            }
            Self::ShuffleVector { a, b, .. } => {
                visit(a);
                visit(b);
            }
            Self::Phi { incoming } => incoming.iter().for_each(|(_, value)| visit(value)),
            Self::Call { callee, args, .. } => {
                if let Callee::Value(value) = callee {
                    visit(value);
                }
                args.iter().for_each(visit);
            }
            Self::CmpXchg { pointer, expected, new, .. } => {
                visit(pointer);
                visit(expected);
                visit(new);
            }
            Self::CondBr { condition, .. } => visit(condition),
            Self::Ret { value } => value.iter().for_each(visit),
            Self::Fence { .. }
            | Self::LandingPad { .. }
            | Self::Br { .. }
            | Self::Unreachable
            | Self::Unsupported { .. } => {}
        }
    }
}

impl Function {
    /// Whether something in the body has no decoded form. The body then does not tell all that its machine code depends
    /// on: two functions may be equal here and differ there.
    pub fn is_incomplete(&self) -> bool {
        self.blocks.iter().flat_map(|block| &block.instructions).any(|instruction| {
            let mut incomplete = match &instruction.op {
                Op::Unsupported { .. } => true,
                Op::LandingPad { clauses, .. } => clauses.iter().any(|clause| matches!(clause, Clause::Other(_))),
                _ => false,
            };
            instruction.op.for_each_operand(&mut |operand| {
                if let Operand::Constant(constant) = operand {
                    incomplete |= is_incomplete(constant);
                }
            });
            incomplete
        })
    }
}

fn is_incomplete(constant: &Constant) -> bool {
    match constant {
        Constant::Unsupported(..) => true,
        Constant::Aggregate(_, elements) => elements.iter().any(is_incomplete),
        Constant::Undef(_) | Constant::Zero(_) | Constant::Bits(..) | Constant::Symbol(..) => false,
    }
}
