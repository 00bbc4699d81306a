//! The decoded form of LLVM IR: plain, owned, content-hashable data.
//!
//! Everything that a later stage may depend on is in these types and nowhere else; `#[derive(Hash)]` over them is
//! therefore a complete function key by construction. What may change without changing machine code — which global a
//! symbol operand names, which source position a location index stands for — is kept in side tables
//! ([`Function::symbols`], [`Function::locations`]) that the key leaves out and the image binds on every use.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use smallvec::SmallVec;

use crate::error::ConstantError;
pub use crate::source::{Location, SourceFile, SourceFrame, Subprogram};
use crate::types::{Type, TypeRef};

/// Index into [`Module::globals`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GlobalId(pub u32);

/// Index into [`Function::symbols`]; numbered in order of first use in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymbolId(pub u32);

/// An SSA value of one function: parameters first, then every instruction that has a non-void result, in layout order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub u32);

/// Index into [`Function::blocks`]; block 0 is the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockId(pub u32);

/// Index into [`Function::locations`]; numbered in order of first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocationId(pub u32);

/// One bitcode file (one codegen unit), without function bodies.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Every named or unnamed global object that the unit defines or declares.
    pub globals: Vec<Global>,
    /// `module asm` text (rustc's `global_asm!`), empty when there is none.
    pub assembly: String,
    /// `llvm.global_ctors`: functions to run at start with their priorities, in file order.
    pub constructors: Vec<(u32, GlobalId)>,
    /// `llvm.global_dtors`: functions to run at exit with their priorities, in file order.
    pub destructors: Vec<(u32, GlobalId)>,
    /// `llvm.used` and `llvm.compiler.used`: to be kept although nothing refers to them (`#[used]`).
    pub used: Vec<GlobalId>,
    /// Functions that are to lie in a section of that name.
    pub function_sections: Vec<(GlobalId, Arc<str>)>,
    /// Variables whose initial contents have no flattened form, with what is in the way; their [`Variable::init`] is
    /// incomplete and must not be used.
    pub unsupported: Vec<(GlobalId, ConstantError)>,
}

/// A function, variable or alias of a module.
#[derive(Clone, Debug)]
pub struct Global {
    /// Symbol name as the object file would spell it (a leading `\x01` is removed).
    pub name: Arc<str>,
    /// Who can see it.
    pub linkage: Linkage,
    /// Hidden (or protected) visibility: not for the dynamic symbol table.
    pub hidden: bool,
    /// What it is.
    pub kind: GlobalKind,
}

/// Symbol linkage, reduced to what matters for resolving names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Linkage {
    /// Visible to other units by name.
    External,
    /// Visible in this unit only (`internal`, `private`).
    Local,
    /// May be defined by several units, first one wins (`linkonce*`, `weak*`, `common`).
    Weak,
    /// A declaration that resolves to null when nobody defines it (`extern_weak`).
    ExternWeak,
    /// Body present for inlining only; the definition is elsewhere.
    AvailableExternally,
}

/// What kind of object a [`Global`] is.
#[derive(Clone, Debug)]
pub enum GlobalKind {
    /// A function; `defined` when the unit holds its body.
    Function {
        /// The unit holds its body.
        defined: bool,
    },
    /// A variable or constant.
    Variable(Variable),
    /// Another name for `target` + `offset` bytes.
    Alias {
        /// What it stands for.
        target: GlobalId,
        /// Bytes past the target's address.
        offset: i64,
    },
}

/// A global variable, constant or thread-local.
#[derive(Clone, Debug)]
pub struct Variable {
    /// `thread_local`.
    pub thread_local: bool,
    /// Never written after load.
    pub constant: bool,
    /// The address is not significant: equal constants may share storage.
    pub unnamed_addr: bool,
    /// Size in bytes.
    pub size: u64,
    /// Alignment in bytes, a power of two, at least 1.
    pub align: u64,
    /// `section "…"` when given.
    pub section: Option<Arc<str>>,
    /// Initial contents; `None` for a declaration.
    pub init: Option<Init>,
}

/// Initial contents of a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Init {
    /// The bytes, pointers being zero. Trailing zeros may be missing: up to [`Variable::size`] the rest is zero.
    pub bytes: Vec<u8>,
    /// Pointers in it, by rising offset.
    pub pointers: Vec<InitPointer>,
    /// Addresses in it that are plain numbers other than null, as they are in `bytes`. A pointer without an object is bytes to rustc, so these are
    /// the halves of `TypeId`s, which it computes as pointers.
    pub identities: Vec<u64>,
}

/// An 8-byte (or for `relative32`, 4-byte) address inside an initializer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InitPointer {
    /// Byte offset in the variable.
    pub offset: u64,
    /// What it points to.
    pub target: GlobalId,
    /// Added to the target's address.
    pub addend: i64,
}

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

/// An operand: an SSA value or a constant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A parameter or an instruction's result.
    Value(ValueId),
    /// A constant.
    Constant(Constant),
}

/// A constant. Integer and floating constants are their bit patterns, little-endian words, unused high bits zero.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Constant {
    /// `undef` or `poison`.
    Undef(TypeRef),
    /// `zeroinitializer`, `null`.
    Zero(TypeRef),
    /// An integer or floating constant.
    Bits(TypeRef, SmallVec<[u64; 1]>),
    /// Array, struct or vector, element by element.
    Aggregate(TypeRef, Vec<Constant>),
    /// Address of a symbol plus bytes. The type is `ptr`, or an integer when a `ptrtoint` is around it.
    Symbol(TypeRef, SymbolId, i64),
    /// Something that has no decoded form; names it.
    Unsupported(TypeRef, String),
}

impl Constant {
    /// The constant's type.
    pub fn ty(&self) -> &TypeRef {
        match self {
            Self::Undef(ty)
            | Self::Zero(ty)
            | Self::Bits(ty, _)
            | Self::Aggregate(ty, _)
            | Self::Symbol(ty, ..)
            | Self::Unsupported(ty, _) => ty,
        }
    }
}

/// Integer extension of an argument or return value (`zeroext`, `signext`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Extension {
    /// High bits unspecified.
    #[default]
    None,
    /// Zero-extended.
    Zero,
    /// Sign-extended.
    Sign,
}

/// The ABI of a function or of a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Return type, `Type::Void` for none.
    pub ret: TypeRef,
    /// Extension of the returned integer.
    pub ret_extension: Extension,
    /// Parameters (at a call: one per actual argument, the variadic ones included).
    pub params: Vec<Param>,
    /// Declared with `...`.
    pub variadic: bool,
    /// LLVM's calling convention number; 0 is C, 8 fast, 9 cold.
    pub call_conv: u32,
}

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Param {
    /// Its type.
    pub ty: TypeRef,
    /// `zeroext` / `signext`.
    pub extension: Extension,
    /// `sret`: where the caller wants the result.
    pub sret: bool,
    /// `byval`: size and alignment of the copy that is passed on the stack.
    pub byval: Option<(u64, u64)>,
}

/// Memory ordering of an atomic access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum Ordering {
    Unordered,
    Monotonic,
    Acquire,
    Release,
    AcquireRelease,
    SequentiallyConsistent,
}

/// Two-operand arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    UDiv,
    SDiv,
    URem,
    SRem,
    Shl,
    LShr,
    AShr,
    And,
    Or,
    Xor,
    FAdd,
    FSub,
    FMul,
    FDiv,
    FRem,
}

/// Conversions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum CastOp {
    Trunc,
    ZExt,
    SExt,
    FPToUI,
    FPToSI,
    UIToFP,
    SIToFP,
    FPTrunc,
    FPExt,
    PtrToInt,
    IntToPtr,
    BitCast,
    AddrSpaceCast,
}

/// Integer and pointer comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum IntPredicate {
    Eq,
    Ne,
    Ugt,
    Uge,
    Ult,
    Ule,
    Sgt,
    Sge,
    Slt,
    Sle,
}

/// Floating comparisons (`o` ordered, `u` unordered).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum FloatPredicate {
    False,
    Oeq,
    Ogt,
    Oge,
    Olt,
    Ole,
    One,
    Ord,
    Uno,
    Ueq,
    Ugt,
    Uge,
    Ult,
    Ule,
    Une,
    True,
}

/// Atomic read-modify-write operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "LLVM's own names")]
pub enum RmwOp {
    Xchg,
    Add,
    Sub,
    And,
    Nand,
    Or,
    Xor,
    Max,
    Min,
    UMax,
    UMin,
    Other,
}

/// What is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Callee {
    /// A function by name.
    Symbol(SymbolId),
    /// A function pointer.
    Value(Operand),
    /// `llvm.…`, full name with type suffixes.
    Intrinsic(Arc<str>),
    /// Inline assembly.
    Assembly {
        /// The template.
        template: String,
        /// LLVM constraint string.
        constraints: String,
        /// `sideeffect`, `alignstack`, `inteldialect`, `unwind`: those that are set, separated by spaces.
        flags: String,
    },
}

/// One clause of a landing pad.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Clause {
    /// `catch ptr null`: catches everything.
    CatchAll,
    /// `filter [0 x ptr]`: nothing may pass (std aborts in the pad).
    FilterAll,
    /// Any other clause; names it.
    Other(String),
}

/// What an instruction does. Operands' types are given where the operand cannot tell (values have their definition's type).
#[derive(Clone, Debug, Hash)]
#[allow(missing_docs, reason = "the variants' documentation names their fields")]
pub enum Op {
    /// `size` bytes of stack; with `count`, times that many (a dynamic alloca).
    Alloca { size: u64, align: u64, count: Option<Operand> },
    /// Loads the instruction's type.
    Load { pointer: Operand, align: u64, volatile: bool, ordering: Option<Ordering> },
    /// Stores `value` of type `ty`.
    Store { pointer: Operand, value: Operand, ty: TypeRef, align: u64, volatile: bool, ordering: Option<Ordering> },
    /// Address arithmetic: `base + offset + Σ sign_extend(index) · scale`.
    GetElementPtr { base: Operand, offset: i64, terms: SmallVec<[GepTerm; 1]> },
    /// Arithmetic on the instruction's type.
    Binary { op: BinaryOp, lhs: Operand, rhs: Operand },
    /// `fneg`.
    FNeg { value: Operand },
    /// Conversion from `from` to the instruction's type.
    Cast { op: CastOp, value: Operand, from: TypeRef },
    /// Integer comparison of operands of type `ty`.
    ICmp { predicate: IntPredicate, ty: TypeRef, lhs: Operand, rhs: Operand },
    /// Floating comparison of operands of type `ty`.
    FCmp { predicate: FloatPredicate, ty: TypeRef, lhs: Operand, rhs: Operand },
    /// `condition_ty` is `i1`, or a vector of them.
    Select { condition: Operand, condition_ty: TypeRef, on_true: Operand, on_false: Operand },
    /// Takes a field out of an aggregate of type `ty`.
    ExtractValue { aggregate: Operand, ty: TypeRef, indices: SmallVec<[u32; 2]> },
    /// Replaces a field of an aggregate of the instruction's type.
    InsertValue { aggregate: Operand, value: Operand, value_ty: TypeRef, indices: SmallVec<[u32; 2]> },
    /// Takes a lane out of a vector of type `ty`.
    ExtractElement { vector: Operand, ty: TypeRef, index: Operand },
    /// Replaces a lane.
    InsertElement { vector: Operand, value: Operand, index: Operand },
    /// Lane `i` of the result is lane `mask[i]` of `a ++ b` (both of type `ty`), undefined when negative.
    ShuffleVector { a: Operand, b: Operand, ty: TypeRef, mask: SmallVec<[i32; 16]> },
    /// Joins values by predecessor.
    Phi { incoming: Vec<(BlockId, Operand)> },
    /// A call. `unwind` makes it an `invoke` (a terminator) with normal and exceptional successors.
    Call { callee: Callee, signature: Signature, args: Vec<Operand>, unwind: Option<(BlockId, BlockId)> },
    /// Atomic read-modify-write; the result is the old value.
    AtomicRmw { op: RmwOp, pointer: Operand, value: Operand, ordering: Ordering },
    /// Compare and exchange of type `value_ty`; the result is `{ old, i1 }`.
    CmpXchg { pointer: Operand, expected: Operand, new: Operand, value_ty: TypeRef },
    /// Memory fence.
    Fence { ordering: Ordering },
    /// Start of an exceptional block; the result is `{ ptr exception, i32 selector }`.
    LandingPad { cleanup: bool, clauses: SmallVec<[Clause; 1]> },
    /// Goes on unwinding with `{ ptr, i32 }`.
    Resume { value: Operand },
    /// Jump.
    Br { target: BlockId },
    /// Two-way branch on an `i1`.
    CondBr { condition: Operand, on_true: BlockId, on_false: BlockId },
    /// Multi-way branch on an integer of type `ty`; case values as little-endian words.
    Switch { value: Operand, ty: TypeRef, default: BlockId, cases: Vec<(SmallVec<[u64; 1]>, BlockId)> },
    /// Return.
    Ret { value: Option<Operand> },
    /// Never reached.
    Unreachable,
    /// `freeze`: a copy.
    Freeze { value: Operand },
    /// Has no decoded form; names the construct. The function goes to LLVM.
    Unsupported { what: String },
}

/// One variable term of a [`Op::GetElementPtr`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GepTerm {
    /// The index.
    pub index: Operand,
    /// Width of the index in bits.
    pub bits: u32,
    /// Bytes per step.
    pub scale: i64,
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

impl Op {
    /// Calls `visit` with every operand, in no particular order.
    pub fn operands<'a>(&'a self, mut visit: impl FnMut(&'a Operand)) {
        match self {
            Self::Alloca { count: operand, .. } | Self::Ret { value: operand } => operand.iter().for_each(visit),
            Self::Load { pointer: a, .. }
            | Self::FNeg { value: a }
            | Self::Cast { value: a, .. }
            | Self::ExtractValue { aggregate: a, .. }
            | Self::Resume { value: a }
            | Self::CondBr { condition: a, .. }
            | Self::Switch { value: a, .. }
            | Self::Freeze { value: a } => visit(a),
            Self::Store { pointer: a, value: b, .. }
            | Self::Binary { lhs: a, rhs: b, .. }
            | Self::ICmp { lhs: a, rhs: b, .. }
            | Self::FCmp { lhs: a, rhs: b, .. }
            | Self::InsertValue { aggregate: a, value: b, .. }
            | Self::ExtractElement { vector: a, index: b, .. }
            | Self::ShuffleVector { a, b, .. }
            | Self::AtomicRmw { pointer: a, value: b, .. } => [a, b].into_iter().for_each(visit),
            Self::Select { condition: a, on_true: b, on_false: c, .. }
            | Self::InsertElement { vector: a, value: b, index: c }
            | Self::CmpXchg { pointer: a, expected: b, new: c, .. } => [a, b, c].into_iter().for_each(visit),
            Self::GetElementPtr { base, terms, .. } => {
                visit(base);
                terms.iter().for_each(|term| visit(&term.index));
            }
            Self::Phi { incoming } => incoming.iter().for_each(|(_, value)| visit(value)),
            Self::Call { callee, args, .. } => {
                if let Callee::Value(value) = callee {
                    visit(value);
                }
                args.iter().for_each(visit);
            }
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
            instruction.op.operands(|operand| {
                incomplete |= matches!(operand, Operand::Constant(constant) if constant.is_incomplete());
            });
            incomplete
        })
    }
}

impl Constant {
    fn is_incomplete(&self) -> bool {
        match self {
            Self::Unsupported(..) => true,
            Self::Aggregate(_, elements) => elements.iter().any(Self::is_incomplete),
            Self::Undef(_) | Self::Zero(_) | Self::Bits(..) | Self::Symbol(..) => false,
        }
    }
}
