//! A module: what it defines and declares, and what variables hold at first.

use std::sync::Arc;

use super::ids::GlobalId;
use crate::error::ConstantError;

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
    Variable(Box<Variable>),
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

impl Init {
    /// The bytes with zeros in the places of identities.
    pub fn without_identities(&self) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        for word in bytes.chunks_exact_mut(8) {
            let is_half = self.identities.iter().any(|half| half.to_le_bytes() == *word);
            if is_half {
                word.fill(0);
            }
        }
        bytes
    }
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
