//! The state of one translation, and what of it every construct needs: values by number, callees, blocks.

use cranefly_bitcode::ir::{self, BlockId, Instruction, ValueId};
use cranelift_codegen::entity::packed_option::ReservedValue;
use cranelift_codegen::ir as clif;
use cranelift_codegen::ir::{FuncRef, GlobalValue, InstBuilder, MemFlagsData, SigRef, StackSlot, Value};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;
use hashbrown::HashMap;

use crate::names::{RUNTIME, Translated};

/// What is known of an SSA value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Def {
    /// Not translated yet.
    None,
    /// A single leaf.
    One(Value),
    /// Leaves `start .. start + len` of the pool; the reserved value stands for an undefined leaf.
    Many(u32, u32),
    /// Address of a stack slot plus bytes: rebuilt at every use, which folds into the addressing mode.
    Slot(StackSlot, i32),
}

/// State of one translation.
pub(crate) struct Translator<'f> {
    pub b: FunctionBuilder<'f>,
    pub source: &'f ir::Function,
    /// By [`ir::ValueId`].
    pub defs: Vec<Def>,
    /// Leaves of values that have not exactly one.
    pub pool: Vec<Value>,
    /// Cranelift block of every reachable LLVM block.
    pub blocks: Vec<Option<clif::Block>>,
    /// Number of control flow edges into every LLVM block.
    pub predecessors: Vec<u32>,
    /// By [`ir::SymbolId`]: the symbol's address.
    pub globals: Vec<Option<GlobalValue>>,
    /// Imported callees.
    pub callees: HashMap<(u32, u32, SigRef), FuncRef>,
    /// Imported signatures.
    pub signatures: HashMap<clif::Signature, SigRef>,
    pub output: Translated,
    /// Block that is being filled.
    pub current: BlockId,
    /// Bytes of stack slots so far.
    pub frame: u64,
}

impl Translator<'_> {
    /// The Cranelift block of a reachable LLVM block.
    pub fn block(&self, id: BlockId) -> clif::Block {
        self.blocks[id.0 as usize].expect("reachable block")
    }

    /// Records what `id` is.
    pub fn define(&mut self, id: ValueId, values: &[Value]) {
        self.defs[id.0 as usize] = match values {
            [one] if !one.is_reserved_value() => Def::One(*one),
            _ => {
                let start = self.pool.len() as u32;
                self.pool.extend_from_slice(values);
                Def::Many(start, values.len() as u32)
            }
        };
    }

    /// Defines the result of `instruction`, when it has one.
    pub fn set(&mut self, instruction: &Instruction, values: &[Value]) {
        if let Some(result) = instruction.result {
            self.define(result, values);
        }
    }

    /// Imports a signature once.
    pub fn signature(&mut self, signature: clif::Signature) -> SigRef {
        if let Some(&known) = self.signatures.get(&signature) {
            return known;
        }
        let reference = self.b.import_signature(signature.clone());
        self.signatures.insert(signature, reference);
        reference
    }

    /// Calls a run-time function by its C name. It must not unwind.
    pub fn runtime_call(&mut self, name: &'static str, args: &[Value], ret: Option<clif::Type>) -> Option<Value> {
        let mut signature = clif::Signature::new(CallConv::SystemV);
        for &arg in args {
            signature.params.push(clif::AbiParam::new(self.b.func.dfg.value_type(arg)));
        }
        signature.returns.extend(ret.map(clif::AbiParam::new));
        let signature = self.signature(signature);
        let index = match self.output.runtime.iter().position(|known| *known == name) {
            Some(index) => index,
            None => {
                self.output.runtime.push(name);
                self.output.runtime.len() - 1
            }
        };
        let callee = self.callee(RUNTIME, index as u32, signature);
        let call = self.b.ins().call(callee, args);
        ret.map(|_| self.b.inst_results(call)[0])
    }

    /// Imports a callee once.
    pub fn callee(&mut self, namespace: u32, index: u32, signature: SigRef) -> FuncRef {
        if let Some(&known) = self.callees.get(&(namespace, index, signature)) {
            return known;
        }
        let name = self.b.func.declare_imported_user_function(clif::UserExternalName { namespace, index });
        let reference = self.b.import_function(clif::ExtFuncData {
            name: clif::ExternalName::user(name),
            signature,
            colocated: true,
            patchable: false,
        });
        self.callees.insert((namespace, index, signature), reference);
        reference
    }

    /// Flags of an ordinary access; `align` in bytes.
    pub fn flags(&self, align: u64, size: u64) -> MemFlagsData {
        let flags = MemFlagsData::new().with_notrap();
        if align >= size { flags.with_aligned() } else { flags }
    }
}
