//! One function: its signature, its numbering, and the loop over its instructions.

use smallvec::SmallVec;

use crate::attributes::{AttributeTable, Place};
use crate::context::Context;
use crate::debug::DebugTable;
use crate::error::Error;
use crate::ffi::{BlockRef, LlvmType, ValueRef};
use crate::global_table::{Entry, GlobalTable};
use crate::ir::{
    Attribute, Block, BlockId, Function, GlobalId, Instruction, LocationId, Op, Signature, SymbolId, SymbolKind,
    SymbolRef, ValueId,
};
use crate::pointer_map::PointerMap;
use crate::type_table::TypeTable;
use crate::types::{Type, TypeRef};

/// What a reader keeps between functions: memoised conversions and reusable room.
pub(crate) struct Tables {
    pub(crate) types: TypeTable,
    pub(crate) attributes: AttributeTable,
    pub(crate) debug: DebugTable,
    scratch: Scratch,
}

#[derive(Default)]
struct Scratch {
    values: PointerMap<ValueRef, u32>,
    blocks: PointerMap<BlockRef, u32>,
    pending: Vec<Pending>,
    handles: Vec<ValueRef>,
    symbols: Numbering,
    locations: Numbering,
}

/// An instruction that has its number but is not decoded yet.
struct Pending {
    value: ValueRef,
    ty: TypeRef,
    result: Option<ValueId>,
}

/// Numbers things by first use within one function; forgetting all of them costs nothing.
#[derive(Default)]
struct Numbering {
    round: u32,
    slots: Vec<(u32, u32)>,
}

impl Numbering {
    fn restart(&mut self) {
        self.round += 1;
    }

    /// The number of `index`, and whether it is new, in which case it is `next`.
    #[inline]
    fn number(&mut self, index: usize, next: usize) -> (u32, bool) {
        if self.slots.len() <= index {
            self.slots.resize(index + 1, (0, 0));
        }
        let slot = &mut self.slots[index];
        let new = slot.0 != self.round;
        if new {
            *slot = (self.round, next as u32);
        }
        (slot.1, new)
    }
}

/// A map that one huge function has grown is not kept: clearing it would cost every later function.
const MAX_KEPT: usize = 1 << 13;

impl Tables {
    pub(crate) fn new(cx: &Context, types: TypeTable) -> Self {
        Self {
            types,
            attributes: AttributeTable::new(cx.api()),
            debug: DebugTable::default(),
            scratch: Scratch::default(),
        }
    }
}

/// The state of decoding one function.
pub(crate) struct Decoder<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) globals: &'a GlobalTable,
    pub(crate) tables: &'a mut Tables,
    symbols: Vec<SymbolRef>,
    locations: Vec<u32>,
}

/// Decodes the body of `function`, which must be a definition.
pub(crate) fn decode(
    cx: &Context,
    globals: &GlobalTable,
    tables: &mut Tables,
    function: ValueRef,
) -> Result<Function, Error> {
    cx.materialize(function)?;
    let scratch = &mut tables.scratch;
    scratch.symbols.restart();
    scratch.locations.restart();
    if scratch.values.capacity() > MAX_KEPT {
        scratch.values = PointerMap::default();
    }
    scratch.values.clear();
    scratch.blocks.clear();
    Decoder { cx, globals, tables, symbols: Vec::new(), locations: Vec::new() }.function(function)
}

impl Decoder<'_> {
    fn function(mut self, function: ValueRef) -> Result<Function, Error> {
        let api = self.cx.api();
        let found = self.tables.attributes.function(self.cx, &mut self.tables.types, Place::Function(function));
        let mut attributes = found.others;
        let count = api.LLVMCountParams(function);
        let ty = api.LLVMGlobalGetValueType(function);
        let (signature, other) =
            self.signature(Place::Function(function), ty, count, api.LLVMGetFunctionCallConv(function), |_, _| None);
        if let Some(attribute) = other {
            attributes.push(attribute);
            attributes.sort();
        }
        let personality = if api.LLVMHasPersonalityFn(function) != 0 {
            Some(self.personality(api.LLVMGetPersonalityFn(function))?)
        } else {
            None
        };
        self.number_params(function, count);
        let values = self.number_instructions(function, count);
        let blocks = self.blocks()?;
        let subprogram = api.LLVMGetSubprogram(function).some();
        let subprogram = subprogram.map(|node| self.tables.debug.subprogram(self.cx, node));
        let debug = &self.tables.debug;
        Ok(Function {
            signature,
            personality,
            nounwind: found.nounwind,
            align: api.LLVMGetAlignment(function),
            blocks,
            values,
            symbols: self.symbols,
            locations: self.locations.iter().map(|&index| debug.locations[index as usize].clone()).collect(),
            subprogram,
            attributes,
        })
    }

    fn personality(&mut self, value: ValueRef) -> Result<SymbolId, Error> {
        match self.globals.entries.get(&value) {
            Some(&Entry::Symbol(id, kind)) => Ok(self.symbol(id, kind)),
            _ => Err(self.cx.inconsistent("the personality is no function")),
        }
    }

    fn number_params(&mut self, function: ValueRef, count: u32) {
        let scratch = &mut self.tables.scratch;
        scratch.handles.clear();
        scratch.handles.resize(count as usize, ValueRef(std::ptr::null_mut()));
        self.cx.api().LLVMGetParams(function, scratch.handles.as_mut_ptr());
        for (index, &param) in scratch.handles.iter().enumerate() {
            scratch.values.insert(param, index as u32);
        }
    }

    /// Numbers blocks and results, so that uses before definitions resolve; gives the number of values.
    fn number_instructions(&mut self, function: ValueRef, params: u32) -> u32 {
        let api = self.cx.api();
        let Tables { types, scratch, .. } = &mut *self.tables;
        scratch.pending.clear();
        let mut next_value = params;
        let mut block = api.LLVMGetFirstBasicBlock(function);
        while let Some(current) = block.some() {
            scratch.blocks.insert(current, scratch.blocks.len() as u32);
            let mut instruction = api.LLVMGetFirstInstruction(current);
            while let Some(value) = instruction.some() {
                let ty = types.get(api, api.LLVMTypeOf(value));
                let result = (*ty != Type::Void).then_some(ValueId(next_value));
                if result.is_some() {
                    scratch.values.insert(value, next_value);
                    next_value += 1;
                }
                scratch.pending.push(Pending { value, ty, result });
                instruction = api.LLVMGetNextInstruction(value);
            }
            // Marks the end of a block.
            scratch.pending.push(Pending {
                value: ValueRef(std::ptr::null_mut()),
                ty: types.pointer.clone(),
                result: None,
            });
            block = api.LLVMGetNextBasicBlock(current);
        }
        next_value
    }

    fn blocks(&mut self) -> Result<Vec<Block>, Error> {
        let mut pending = std::mem::take(&mut self.tables.scratch.pending);
        let mut blocks = Vec::with_capacity(self.tables.scratch.blocks.len());
        let mut instructions = Vec::new();
        let mut left = pending.iter().position(|item| item.value.is_null()).unwrap_or(0);
        instructions.reserve_exact(left);
        let lengths: SmallVec<[usize; 16]> = {
            let mut lengths = SmallVec::new();
            let mut length = 0;
            for item in &pending {
                if item.value.is_null() {
                    lengths.push(length);
                    length = 0;
                } else {
                    length += 1;
                }
            }
            lengths
        };
        for Pending { value, ty, result } in pending.drain(..) {
            if value.is_null() {
                left = lengths.get(blocks.len() + 1).copied().unwrap_or(0);
                let full = std::mem::replace(&mut instructions, Vec::with_capacity(left));
                blocks.push(Block { instructions: full });
                continue;
            }
            let op = self.instruction(value, &ty)?;
            let location = self.location(value);
            instructions.push(Instruction { result, ty, op, location });
        }
        self.tables.scratch.pending = pending;
        Ok(blocks)
    }

    #[inline]
    fn location(&mut self, instruction: ValueRef) -> Option<LocationId> {
        let node = self.cx.api().LLVMInstructionGetDebugLoc(instruction).some()?;
        let index = self.tables.debug.location(self.cx, node)?;
        let (number, new) = self.tables.scratch.locations.number(index as usize, self.locations.len());
        if new {
            self.locations.push(index);
        }
        Some(LocationId(number))
    }

    /// The function-local number of a global.
    pub(crate) fn symbol(&mut self, global: GlobalId, kind: SymbolKind) -> SymbolId {
        let (number, new) = self.tables.scratch.symbols.number(global.0 as usize, self.symbols.len());
        if new {
            self.symbols.push(SymbolRef { global, kind });
        }
        SymbolId(number)
    }

    /// The number of a parameter or result.
    #[inline]
    pub(crate) fn value(&self, value: ValueRef) -> Option<ValueId> {
        self.tables.scratch.values.get(&value).map(|&number| ValueId(number))
    }

    pub(crate) fn block(&self, block: BlockRef) -> Result<BlockId, Error> {
        match self.tables.scratch.blocks.get(&block) {
            Some(&number) => Ok(BlockId(number)),
            None => Err(self.cx.inconsistent("a branch leaves its function")),
        }
    }

    pub(crate) fn ty(&mut self, ty: LlvmType) -> TypeRef {
        self.tables.types.get(self.cx.api(), ty)
    }

    pub(crate) fn type_of(&mut self, value: ValueRef) -> TypeRef {
        self.ty(self.cx.api().LLVMTypeOf(value))
    }

    /// The ABI of a function or call with `count` parameters or arguments; `type_at` gives the types of those past the
    /// fixed parameters. Second, an attribute of a parameter or of the result that has no decoded form.
    pub(crate) fn signature(
        &mut self,
        place: Place,
        ty: LlvmType,
        count: u32,
        call_conv: u32,
        mut type_at: impl FnMut(&mut Self, u32) -> Option<TypeRef>,
    ) -> (Signature, Option<Attribute>) {
        let api = self.cx.api();
        let mut fixed: SmallVec<[LlvmType; 8]> = SmallVec::new();
        fixed.resize(api.LLVMCountParamTypes(ty) as usize, LlvmType(std::ptr::null_mut()));
        api.LLVMGetParamTypes(ty, fixed.as_mut_ptr());
        let Tables { attributes, types, .. } = &mut *self.tables;
        let (ret_extension, mut other) = attributes.returned(self.cx, types, place);
        let mut params = Vec::with_capacity(count as usize);
        for index in 0..count {
            let param_type = match fixed.get(index as usize) {
                Some(&ty) => Some(self.ty(ty)),
                None => type_at(self, index),
            };
            let Some(param_type) = param_type else { break };
            let Tables { attributes, types, .. } = &mut *self.tables;
            match attributes.param(self.cx, types, place, index, param_type) {
                Ok(param) => params.push(param),
                Err(attribute) => other = Some(attribute),
            }
        }
        let Tables { types, .. } = &mut *self.tables;
        let signature = Signature {
            ret: types.get(api, api.LLVMGetReturnType(ty)),
            ret_extension,
            params,
            variadic: api.LLVMIsFunctionVarArg(ty) != 0,
            call_conv,
        };
        (signature, other)
    }

    /// Stands for an instruction without a decoded form.
    pub(crate) fn unsupported(what: impl Into<String>) -> Op {
        Op::Unsupported { what: what.into() }
    }
}
