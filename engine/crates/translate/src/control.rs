//! Terminators, block order, landing pads.

use std::sync::Arc;

use cranefly_bitcode::ir::{self, BlockId, Clause, Instruction, Op, Operand};
use cranefly_bitcode::types::Type as Llvm;
use cranelift_codegen::ir::{InstBuilder, TrapCode, types};
use cranelift_frontend::Switch;

use crate::error::{Result, unsupported};
use crate::repr::{self, Values};
use crate::translator::Translator;

/// Exception tag of a landing pad that cleans up and resumes.
pub const PAD_CLEANUP: u32 = 0;
/// Exception tag of a landing pad that stops the unwinding.
pub const PAD_CATCH: u32 = 1;
/// Exception tag of a landing pad that nothing may pass.
pub const PAD_FILTER: u32 = 2;

/// `{ ptr, i32 }`, the result of a landing pad.
fn exception_type() -> Llvm {
    Llvm::Struct { packed: false, fields: vec![Arc::new(Llvm::Pointer), Arc::new(Llvm::Int(32))] }
}

/// Traps never carry information: whatever ends here is undefined behaviour or an abort.
pub(crate) fn trap_code() -> TrapCode {
    TrapCode::unwrap_user(1)
}

/// Calls `visit` for every successor, repeated edges included.
pub(crate) fn successors(terminator: Option<&Instruction>, mut visit: impl FnMut(BlockId)) {
    match terminator.map(|terminator| &terminator.op) {
        Some(Op::Br { target }) => visit(*target),
        Some(Op::CondBr { on_true, on_false, .. }) => {
            visit(*on_true);
            visit(*on_false);
        }
        Some(Op::Switch { default, cases, .. }) => {
            visit(*default);
            cases.iter().for_each(|(_, target)| visit(*target));
        }
        Some(Op::Call { unwind: Some((normal, pad)), .. }) => {
            visit(*normal);
            visit(*pad);
        }
        _ => {}
    }
}

/// Reachable blocks, every one behind its dominators.
pub(crate) fn reverse_post_order(function: &ir::Function) -> Vec<BlockId> {
    let successors_of = |block: BlockId| {
        let mut list = Vec::new();
        successors(function.blocks[block.0 as usize].instructions.last(), |successor| list.push(successor));
        list
    };
    let mut seen = vec![false; function.blocks.len()];
    let mut order = Vec::with_capacity(function.blocks.len());
    seen[0] = true;
    let mut stack = vec![(BlockId(0), successors_of(BlockId(0)))];
    while let Some((block, pending)) = stack.last_mut() {
        match pending.pop() {
            Some(next) if !seen[next.0 as usize] => {
                seen[next.0 as usize] = true;
                stack.push((next, successors_of(next)));
            }
            Some(_) => {}
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

impl Translator<'_> {
    pub fn terminator(&mut self, instruction: &Instruction) -> Result<()> {
        match &instruction.op {
            Op::Br { target } => self.jump(*target),
            Op::CondBr { condition, on_true, on_false } => {
                let condition = self.scalar(condition, &Llvm::Int(1))?;
                let yes = self.phi_args(*on_true)?;
                let no = self.phi_args(*on_false)?;
                let (yes_block, no_block) = (self.block(*on_true), self.block(*on_false));
                self.b.ins().brif(condition, yes_block, &yes, no_block, &no);
                Ok(())
            }
            Op::Switch { value, ty, default, cases } => self.switch(value, ty, *default, cases),
            Op::Ret { value } => self.ret(value.as_ref()),
            Op::Resume { value } => {
                let parts = self.operand(value, &exception_type())?;
                // `_Unwind_Resume` is the only run-time function that unwinds; nothing in this frame catches it.
                self.runtime_call("_Unwind_Resume", &parts[..1], None);
                self.b.ins().trap(trap_code());
                Ok(())
            }
            Op::Unreachable => {
                self.b.ins().trap(trap_code());
                Ok(())
            }
            _ => unreachable!("not a terminator"),
        }
    }

    /// Jumps to a block with the values of its phis.
    pub fn jump(&mut self, target: BlockId) -> Result<()> {
        let args = self.phi_args(target)?;
        let block = self.block(target);
        self.b.ins().jump(block, &args);
        Ok(())
    }

    fn ret(&mut self, value: Option<&Operand>) -> Result<()> {
        let source = self.source;
        let mut values = Values::new();
        if let Some(value) = value {
            values = self.operand(value, &source.signature.ret)?;
            if source.signature.ret_extension == ir::Extension::Sign {
                let leaves = repr::leaves(&source.signature.ret)?;
                for (value, leaf) in values.iter_mut().zip(leaves) {
                    if leaf.is_odd() {
                        *value = self.sign_extend(*value, leaf.bits);
                    }
                }
            }
        }
        self.b.ins().return_(&values);
        Ok(())
    }

    fn switch(
        &mut self,
        value: &Operand,
        ty: &Llvm,
        default: BlockId,
        cases: &[(smallvec::SmallVec<[u64; 1]>, BlockId)],
    ) -> Result<()> {
        let value = self.scalar(value, ty)?;
        let mut edges: Vec<(BlockId, cranelift_codegen::ir::Block)> = Vec::new();
        let mut pending = Vec::new();
        let mut edge = |this: &mut Self, target: BlockId| -> Result<_> {
            if let Some((_, block)) = edges.iter().rev().take(16).find(|(known, _)| *known == target) {
                return Ok(*block);
            }
            let args = this.phi_args(target)?;
            let block = if args.is_empty() {
                this.block(target)
            } else {
                let block = this.b.create_block();
                pending.push((block, target, args));
                block
            };
            edges.push((target, block));
            Ok(block)
        };
        let mut switch = Switch::new();
        for (words, target) in cases {
            let low = u128::from(words.first().copied().unwrap_or(0));
            let high = u128::from(words.get(1).copied().unwrap_or(0));
            let block = edge(self, *target)?;
            switch.set_entry(low | high << 64, block);
        }
        let otherwise = edge(self, default)?;
        switch.emit(&mut self.b, value, otherwise);
        for (block, target, args) in pending {
            self.b.switch_to_block(block);
            let target = self.block(target);
            self.b.ins().jump(target, &args);
        }
        Ok(())
    }

    /// Exception tag for the clauses of the landing pad that starts `block`.
    pub fn pad_kind(&self, block: BlockId) -> Result<u32> {
        let instructions = &self.source.blocks[block.0 as usize].instructions;
        let pad = instructions.iter().find(|instruction| !matches!(instruction.op, Op::Phi { .. }));
        let Some(Op::LandingPad { cleanup, clauses }) = pad.map(|pad| &pad.op) else {
            unsupported!("exceptional edge to a block without a landing pad");
        };
        match (cleanup, clauses.as_slice()) {
            (true, []) => Ok(PAD_CLEANUP),
            (_, [Clause::CatchAll]) => Ok(PAD_CATCH),
            (false, [Clause::FilterAll]) => Ok(PAD_FILTER),
            (_, [.., Clause::Other(what)]) => unsupported!("landing pad clause {what}"),
            _ => unsupported!("landing pad with several clauses"),
        }
    }

    /// The payload arrives as the last two parameters of the block, behind the phis.
    pub fn landing_pad(&mut self, instruction: &Instruction) -> Result<()> {
        if repr::leaves(&instruction.ty)? != repr::leaves(&exception_type())? {
            unsupported!("landing pad of another type");
        }
        let block = self.block(self.current);
        let pointer = self.b.append_block_param(block, types::I64);
        let selector = self.b.append_block_param(block, types::I64);
        let selector = self.b.ins().ireduce(types::I32, selector);
        self.set(instruction, &[pointer, selector]);
        Ok(())
    }
}
