//! The walk over one function: block order, phis, dispatch of instructions.

use cranefly_bitcode::ir::{self, BlockId, Instruction, Op};
use cranelift_codegen::ir as clif;
use cranelift_codegen::ir::{BlockArg, InstBuilder, SourceLoc, Value};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use hashbrown::HashMap;

use crate::error::{Result, unsupported};
use crate::names::Translated;
use crate::repr::Values;
use crate::translator::{Def, Translator};
use crate::{abi, control, repr};

pub(crate) fn translate(
    source: &ir::Function,
    isa: &dyn TargetIsa,
    target: &mut clif::Function,
    context: &mut FunctionBuilderContext,
) -> Result<Translated> {
    if source.blocks.is_empty() {
        unsupported!("function without a body");
    }
    if source.attributes.iter().any(|attribute| &*attribute.name == "naked") {
        unsupported!("naked function");
    }
    if source.signature.variadic {
        unsupported!("definition of a variadic function");
    }
    if source.signature.call_conv == abi::COLD {
        unsupported!("definition with calling convention cold");
    }
    let plan = abi::plan(&source.signature)?;
    target.signature = plan.signature.clone();
    let order = control::reverse_post_order(source);
    let mut translator = Translator {
        b: FunctionBuilder::new(target, context),
        source,
        defs: vec![Def::None; source.values as usize],
        pool: Vec::new(),
        blocks: vec![None; source.blocks.len()],
        predecessors: vec![0; source.blocks.len()],
        globals: vec![None; source.symbols.len()],
        callees: HashMap::new(),
        signatures: HashMap::new(),
        output: Translated::default(),
        current: BlockId(0),
        frame: 0,
    };
    let result = translator.run(&order, &plan);
    if result.is_err() {
        // The builder's context must be left as it was found; `finalize` would insist on complete blocks.
        *context = FunctionBuilderContext::new();
        return result.map(|()| unreachable!());
    }
    let Translator { b: mut builder, output, .. } = translator;
    builder.seal_all_blocks();
    builder.finalize(isa.frontend_config());
    Ok(output)
}

impl Translator<'_> {
    fn run(&mut self, order: &[BlockId], plan: &abi::Plan) -> Result<()> {
        for &block in order {
            self.blocks[block.0 as usize] = Some(self.b.create_block());
            let last = self.source.blocks[block.0 as usize].instructions.last();
            control::successors(last, |successor| self.predecessors[successor.0 as usize] += 1);
        }
        let entry = self.block(BlockId(0));
        self.b.append_block_params_for_function_params(entry);
        for &block in order {
            self.declare_phis(block)?;
        }
        self.b.switch_to_block(entry);
        self.b.ensure_inserted_block();
        self.define_parameters(entry, plan)?;
        let source = self.source;
        for &block in order {
            self.current = block;
            if block.0 != 0 {
                let target = self.block(block);
                self.b.switch_to_block(target);
            }
            for instruction in &source.blocks[block.0 as usize].instructions {
                let location = instruction.location.map_or_else(SourceLoc::default, |id| SourceLoc::new(id.0));
                self.b.set_srcloc(location);
                self.instruction(instruction)?;
            }
        }
        Ok(())
    }

    fn declare_phis(&mut self, block: BlockId) -> Result<()> {
        let source = self.source;
        let target = self.block(block);
        for instruction in &source.blocks[block.0 as usize].instructions {
            let Op::Phi { .. } = instruction.op else { break };
            let mut params = Values::new();
            for leaf in repr::leaves(&instruction.ty)? {
                params.push(self.b.append_block_param(target, leaf.ty));
            }
            self.define(instruction.result.expect("phi has a result"), &params);
        }
        Ok(())
    }

    /// Arguments for the phis of `target` on the edge from the current block.
    pub fn phi_args(&mut self, target: BlockId) -> Result<Vec<BlockArg>> {
        let source = self.source;
        let mut args = Vec::new();
        for instruction in &source.blocks[target.0 as usize].instructions {
            let Op::Phi { incoming } = &instruction.op else { break };
            let Some((_, operand)) = incoming.iter().find(|(block, _)| *block == self.current) else {
                unsupported!("phi without a value for a predecessor");
            };
            args.extend(self.operand(operand, &instruction.ty)?.into_iter().map(BlockArg::Value));
        }
        Ok(args)
    }

    fn define_parameters(&mut self, entry: clif::Block, plan: &abi::Plan) -> Result<()> {
        let mut params: Vec<Value> = self.b.block_params(entry).to_vec();
        plan.restore(&mut params);
        let mut next = 0;
        for (index, leaves) in plan.params.iter().enumerate() {
            let mut values = Values::new();
            for leaf in leaves {
                let mut value = params[next];
                next += 1;
                if leaf.is_odd() {
                    value = self.normalize(value, leaf.bits);
                }
                values.push(value);
            }
            self.define(ir::ValueId(index as u32), &values);
        }
        Ok(())
    }

    fn instruction(&mut self, instruction: &Instruction) -> Result<()> {
        let ty = &*instruction.ty;
        let values: Values = match &instruction.op {
            Op::Phi { .. } => return Ok(()),
            Op::Alloca { size, align, count } => return self.alloca(instruction, *size, *align, count.as_ref()),
            Op::GetElementPtr { base, offset, terms } => return self.gep(instruction, base, *offset, terms),
            Op::Load { pointer, align, volatile, ordering } => {
                self.load_op(ty, pointer, *align, *volatile, *ordering)?
            }
            Op::Store { pointer, value, ty, align, volatile, ordering } => {
                return self.store_op(ty, value, pointer, *align, *volatile, *ordering);
            }
            Op::Binary { op, lhs, rhs } => self.binary(*op, ty, lhs, rhs)?,
            Op::FNeg { value } => self.fneg(ty, value)?,
            Op::Cast { op, value, from } => self.cast(*op, value, from, ty)?,
            Op::ICmp { predicate, ty, lhs, rhs } => self.icmp(*predicate, ty, lhs, rhs)?,
            Op::FCmp { predicate, ty, lhs, rhs } => self.fcmp(*predicate, ty, lhs, rhs)?,
            Op::Select { condition, condition_ty, on_true, on_false } => {
                self.select(condition, condition_ty, ty, on_true, on_false)?
            }
            Op::ExtractValue { aggregate, ty: whole, indices } => {
                let (first, field) = repr::field(whole, indices)?;
                let count = repr::leaf_count(field)?;
                let all = self.operand_lazy(aggregate, whole)?;
                all[first..first + count].into()
            }
            Op::InsertValue { aggregate, value, value_ty, indices } => {
                let (first, _) = repr::field(ty, indices)?;
                let mut all = self.operand_lazy(aggregate, ty)?;
                let part = self.operand_lazy(value, value_ty)?;
                all[first..first + part.len()].copy_from_slice(&part);
                all
            }
            Op::ExtractElement { vector, ty: whole, index } => self.extract_element(vector, whole, index)?,
            Op::InsertElement { vector, value, index } => self.insert_element(ty, vector, value, index)?,
            Op::ShuffleVector { a, b, ty: from, mask } => self.shuffle(a, b, from, ty, mask)?,
            Op::Call { callee, signature, args, unwind } => {
                return self.call(instruction, callee, signature, args, *unwind);
            }
            Op::AtomicRmw { op, pointer, value, ordering: _ } => self.atomic_rmw(*op, ty, pointer, value)?,
            Op::CmpXchg { pointer, expected, new, value_ty } => self.cmpxchg(pointer, expected, new, value_ty)?,
            Op::Fence { .. } => {
                self.b.ins().fence();
                return Ok(());
            }
            Op::LandingPad { .. } => return self.landing_pad(instruction),
            Op::Freeze { value } => self.operand(value, ty)?,
            Op::Unsupported { what } => unsupported!("{what}"),
            Op::Resume { .. }
            | Op::Br { .. }
            | Op::CondBr { .. }
            | Op::Switch { .. }
            | Op::Ret { .. }
            | Op::Unreachable => return self.terminator(instruction),
        };
        self.set(instruction, &values);
        Ok(())
    }
}
