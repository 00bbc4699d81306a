//! Calls and invokes.

use cranefly_bitcode::ir::{BlockId, Callee, Extension, Instruction, Op, Operand, Signature};
use cranelift_codegen::ir::{
    self as clif, BlockArg, BlockCall, ExceptionTableData, ExceptionTableItem, ExceptionTag, InstBuilder, SigRef, Value,
};

use crate::abi;
use crate::error::{Result, unsupported};
use crate::names::{SYMBOL, VARIADIC};
use crate::repr::{self, Values};
use crate::translator::Translator;

/// A resolved callee.
#[derive(Clone, Copy)]
enum Target {
    Direct(clif::FuncRef),
    Indirect(Value),
}

impl Translator<'_> {
    pub fn call(
        &mut self,
        instruction: &Instruction,
        callee: &Callee,
        signature: &Signature,
        args: &[Operand],
        unwind: Option<(BlockId, BlockId)>,
    ) -> Result<()> {
        match callee {
            Callee::Intrinsic(name) => {
                let values = self.intrinsic(name, instruction, signature, args)?;
                self.set(instruction, &values);
                unwind.map_or(Ok(()), |(normal, _)| self.jump(normal))
            }
            Callee::Assembly { template, constraints, .. } => {
                let values = self.barrier(template, constraints, signature, args)?;
                self.set(instruction, &values);
                unwind.map_or(Ok(()), |(normal, _)| self.jump(normal))
            }
            Callee::Symbol(symbol) => {
                let plan = abi::plan(signature)?;
                let values = self.arguments(&plan, signature, args)?;
                let reference = self.signature(plan.signature.clone());
                let namespace = if signature.variadic { VARIADIC } else { SYMBOL };
                let target = Target::Direct(self.callee(namespace, symbol.0, reference));
                self.emit_call(instruction, target, reference, &plan, &values, unwind)
            }
            Callee::Value(pointer) => {
                if signature.variadic {
                    unsupported!("indirect variadic call");
                }
                let plan = abi::plan(signature)?;
                let target = Target::Indirect(self.pointer(pointer)?);
                let values = self.arguments(&plan, signature, args)?;
                let reference = self.signature(plan.signature.clone());
                self.emit_call(instruction, target, reference, &plan, &values, unwind)
            }
        }
    }

    fn arguments(&mut self, plan: &abi::Plan, signature: &Signature, args: &[Operand]) -> Result<Values> {
        let mut values = Values::new();
        for ((arg, param), leaves) in args.iter().zip(&signature.params).zip(&plan.params) {
            if let Some((size, _)) = param.byval {
                let pointer = self.pointer(arg)?;
                values.push(self.byval_source(pointer, size)?);
                continue;
            }
            let parts = self.operand(arg, &param.ty)?;
            for (value, leaf) in parts.into_iter().zip(leaves) {
                let extend = param.extension == Extension::Sign && leaf.is_odd();
                values.push(if extend { self.sign_extend(value, leaf.bits) } else { value });
            }
        }
        plan.arrange(&mut values);
        Ok(values)
    }

    /// Cranelift copies whole words from a by-value argument; one that ends inside a word is copied to a place that
    /// may be read to the end first.
    fn byval_source(&mut self, pointer: Value, size: u64) -> Result<Value> {
        if size.is_multiple_of(8) {
            return Ok(pointer);
        }
        let slot = self.slot(size.next_multiple_of(8), 8)?;
        let address = self.slot_address(slot);
        self.copy(address, pointer, size);
        Ok(address)
    }

    fn emit_call(
        &mut self,
        instruction: &Instruction,
        target: Target,
        signature: SigRef,
        plan: &abi::Plan,
        args: &[Value],
        unwind: Option<(BlockId, BlockId)>,
    ) -> Result<()> {
        let Some((normal, pad)) = unwind else {
            let call = match target {
                Target::Direct(callee) => self.b.ins().call(callee, args),
                Target::Indirect(pointer) => self.b.ins().call_indirect(signature, pointer, args),
            };
            let results: Values = self.b.inst_results(call).into();
            let results = self.normalize_results(&results, plan);
            self.set(instruction, &results);
            return Ok(());
        };

        // The result is a parameter of the block behind the call: of the successor itself where no other edge leads
        // there and nothing is left to do, of a block in between otherwise.
        let odd = plan.ret.iter().any(|leaf| leaf.is_odd());
        let direct = self.predecessors[normal.0 as usize] == 1 && !self.has_phis(normal) && !odd;
        let landing = if direct { self.block(normal) } else { self.b.create_block() };
        let mut results = Values::new();
        for leaf in &plan.ret {
            results.push(self.b.append_block_param(landing, leaf.ty));
        }

        let kind = self.pad_kind(pad)?;
        let shared = self.predecessors[pad.0 as usize] != 1 || self.has_phis(pad);
        let pad_block = if shared { self.b.create_block() } else { self.block(pad) };

        let pool = &mut self.b.func.dfg.value_lists;
        let returned = (0..plan.ret.len()).map(|index| BlockArg::TryCallRet(index as u32));
        let normal_call = BlockCall::new(landing, returned, pool);
        let payload = [BlockArg::TryCallExn(0), BlockArg::TryCallExn(1)];
        let pad_call = BlockCall::new(pad_block, payload, pool);
        let item = ExceptionTableItem::Tag(ExceptionTag::from_u32(kind), pad_call);
        let table = self.b.func.dfg.exception_tables.push(ExceptionTableData::new(signature, normal_call, [item]));

        match target {
            Target::Direct(callee) => self.b.ins().try_call(callee, args, table),
            Target::Indirect(pointer) => self.b.ins().try_call_indirect(pointer, args, table),
        };

        if shared {
            self.b.set_cold_block(pad_block);
            let pointer = self.b.append_block_param(pad_block, clif::types::I64);
            let selector = self.b.append_block_param(pad_block, clif::types::I64);
            self.b.switch_to_block(pad_block);
            let mut phis = self.phi_args(pad)?;
            phis.extend([BlockArg::Value(pointer), BlockArg::Value(selector)]);
            let block = self.block(pad);
            self.b.ins().jump(block, &phis);
        }
        if direct {
            self.set(instruction, &results);
        } else {
            self.b.switch_to_block(landing);
            let results = self.normalize_results(&results, plan);
            self.set(instruction, &results);
            self.jump(normal)?;
        }
        Ok(())
    }

    /// High bits of odd integers are unspecified when they come out of a call.
    fn normalize_results(&mut self, results: &[Value], plan: &abi::Plan) -> Values {
        let pairs = results.iter().zip(&plan.ret);
        pairs.map(|(&value, leaf)| if leaf.is_odd() { self.normalize(value, leaf.bits) } else { value }).collect()
    }

    fn has_phis(&self, block: BlockId) -> bool {
        let first = self.source.blocks[block.0 as usize].instructions.first();
        matches!(first.map(|first| &first.op), Some(Op::Phi { .. }))
    }

    /// Inline assembly without instructions (`black_box`, compiler barriers): outputs are their tied inputs.
    fn barrier(
        &mut self,
        template: &str,
        constraints: &str,
        signature: &Signature,
        args: &[Operand],
    ) -> Result<Values> {
        if !is_empty_template(template) {
            unsupported!("inline assembly");
        }
        let outputs = constraints.split(',').filter(|constraint| constraint.starts_with('=')).count();
        let inputs: Vec<&str> = constraints
            .split(',')
            .filter(|constraint| !constraint.starts_with(['=', '~', '!']) && !constraint.is_empty())
            .collect();
        let mut values = Values::new();
        for output in 0..outputs {
            let tied = inputs.iter().position(|input| input.parse() == Ok(output));
            let Some(tied) = tied.filter(|&tied| tied < args.len()) else {
                unsupported!("inline assembly with an output that is no input");
            };
            let ty = signature.params[tied].ty.clone();
            values.extend(self.operand(&args[tied], &ty)?);
        }
        if values.len() != repr::leaf_count(&signature.ret)? {
            unsupported!("inline assembly with an indirect output");
        }
        Ok(values)
    }
}

/// Nothing but white space and comments.
fn is_empty_template(template: &str) -> bool {
    let mut rest = template.trim_start();
    while let Some(comment) = rest.strip_prefix("/*") {
        match comment.split_once("*/") {
            Some((_, behind)) => rest = behind.trim_start(),
            None => return false,
        }
    }
    rest.is_empty()
}
