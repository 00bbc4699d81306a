//! A function: its blocks and instructions, and the side tables that its key leaves out.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::ids::{GlobalId, LocationId, SymbolId, ValueId};
use super::operand::Operand;
use super::operation::{Clause, Op};
use super::signature::Signature;
use crate::source::{Location, Subprogram};
use crate::types::{Type, TypeRef};

/// A decoded function body.
#[derive(Clone, Debug)]
pub struct Function {
    /// ABI of the definition.
    pub signature: Signature,
    /// It names a personality routine (always `rust_eh_personality` in rustc's output).
    pub personality: Option<SymbolId>,
    /// `nounwind`.
    pub nounwind: bool,
    /// Asked-for alignment of the code in bytes, 0 for none.
    pub align: u32,
    /// Basic blocks, entry first.
    pub blocks: Vec<Block>,
    /// Number of [`ValueId`]s.
    pub values: u32,
    /// What symbol operands name. Left out of the key but for [`SymbolRef::kind`].
    pub symbols: Vec<SymbolRef>,
    /// What location indices stand for. Left out of the key.
    pub locations: Vec<Location>,
    /// Where the function itself is declared. Left out of the key.
    pub subprogram: Option<Arc<Subprogram>>,
    /// Attributes that may shape machine code and that [`Self::signature`] does not hold (`target-features`, `target-cpu`,
    /// `naked`, …), sorted: all but those of which [`crate::known_attributes`] says that there is nothing to do.
    pub attributes: Vec<Attribute>,
}

/// An attribute without a decoded form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attribute {
    /// What has it.
    pub on: AttributeOf,
    /// Whether LLVM has a number for it; otherwise it is a text.
    pub enumerated: bool,
    /// Its name, or `number N` for one that LLVM has a number for and [`crate::known_attributes`] has not heard of.
    pub name: Arc<str>,
    /// The value of a textual one, empty for none.
    pub value: Arc<str>,
}

/// What an [`Attribute`] belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttributeOf {
    /// A function, or a call as a whole.
    Function,
    /// A parameter or result.
    Parameter,
}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Destructured so that a new field must be decided upon here.
        let Self {
            signature,
            personality,
            nounwind,
            align,
            blocks,
            values,
            symbols,
            locations: _,
            subprogram: _,
            attributes,
        } = self;
        signature.hash(state);
        personality.hash(state);
        nounwind.hash(state);
        align.hash(state);
        blocks.hash(state);
        values.hash(state);
        symbols.len().hash(state);
        for symbol in symbols {
            symbol.kind.hash(state);
        }
        attributes.hash(state);
    }
}

/// What a symbol operand names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolRef {
    /// The global.
    pub global: GlobalId,
    /// What machine code must know of it.
    pub kind: SymbolKind,
}

/// The part of a symbol's identity that shapes machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SymbolKind {
    /// Code.
    Function,
    /// Ordinary data.
    Data,
    /// Thread-local data.
    ThreadLocal,
}

/// A basic block.
#[derive(Clone, Debug, Hash)]
pub struct Block {
    /// Instructions, the last one a terminator.
    pub instructions: Vec<Instruction>,
}

/// One instruction.
#[derive(Clone, Debug, Hash)]
pub struct Instruction {
    /// The value it defines, unless its type is void.
    pub result: Option<ValueId>,
    /// Type of the result.
    pub ty: TypeRef,
    /// What it does.
    pub op: Op,
    /// Source position.
    pub location: Option<LocationId>,
}

impl Function {
    /// The type of every [`ValueId`], by number.
    pub fn value_types(&self) -> Vec<TypeRef> {
        let mut types: Vec<TypeRef> = self.signature.params.iter().map(|param| param.ty.clone()).collect();
        let void = Arc::new(Type::Void);
        types.resize(self.values as usize, void);
        for instruction in self.blocks.iter().flat_map(|block| &block.instructions) {
            if let Some(result) = instruction.result {
                types[result.0 as usize] = instruction.ty.clone();
            }
        }
        types
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
            instruction.op.operands(|operand| {
                incomplete |= matches!(operand, Operand::Constant(constant) if constant.is_incomplete());
            });
            incomplete
        })
    }
}
