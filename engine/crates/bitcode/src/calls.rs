//! Calls and invokes: callee, ABI, arguments.

use crate::attributes::Place;
use crate::context::borrow_bytes;
use crate::error::Error;
use crate::ffi::{ValueRef, value_kind};
use crate::function::{Decoder, Tables};
use crate::global_table::Entry;
use crate::ir::{Callee, Op};

/// `LLVMTailCallKindMustTail`.
const MUST_TAIL: i32 = 2;

impl Decoder<'_> {
    /// Decodes a `call`, or an `invoke`.
    pub(crate) fn call(&mut self, call: ValueRef, invoke: bool) -> Result<Op, Error> {
        let api = self.cx.api();
        let callee = api.LLVMGetCalledValue(call);
        let callee = match self.globals.entries.get(&callee) {
            Some(&Entry::Symbol(global, kind)) => Callee::Symbol(self.symbol(global, kind)),
            Some(Entry::Intrinsic(name)) => Callee::Intrinsic(name.clone()),
            _ if api.LLVMGetValueKind(callee) == value_kind::ASSEMBLY => self.assembly(callee),
            _ => Callee::Value(self.operand(callee)),
        };
        if let Some(what) = self.bundle(call, &callee) {
            return Ok(Self::unsupported(what));
        }
        if !invoke && api.LLVMGetTailCallKind(call) == MUST_TAIL {
            return Ok(Self::unsupported("musttail call"));
        }
        let Tables { attributes, types, .. } = &mut *self.tables;
        if let Some(attribute) = attributes.function(self.cx, types, Place::Call(call)).others.first() {
            return Ok(Self::unsupported(format!("call with {attribute}")));
        }
        let count = api.LLVMGetNumArgOperands(call);
        let (signature, other) = self.signature(
            Place::Call(call),
            api.LLVMGetCalledFunctionType(call),
            count,
            api.LLVMGetInstructionCallConv(call),
            |this, index| Some(this.type_of(api.LLVMGetOperand(call, index))),
        );
        if let Some(attribute) = other {
            return Ok(Self::unsupported(format!("call with {attribute}")));
        }
        let args = (0..count).map(|index| self.operand_at(call, index)).collect();
        let unwind = if invoke {
            Some((self.block(api.LLVMGetNormalDest(call))?, self.block(api.LLVMGetUnwindDest(call))?))
        } else {
            None
        };
        Ok(Op::Call { callee, signature, args, unwind })
    }

    /// Names an operand bundle that changes what the call does. Those of `llvm.assume` only inform the optimiser.
    fn bundle(&self, call: ValueRef, callee: &Callee) -> Option<String> {
        let api = self.cx.api();
        if api.LLVMGetNumOperandBundles(call) == 0 {
            return None;
        }
        if matches!(callee, Callee::Intrinsic(name) if &**name == "llvm.assume") {
            return None;
        }
        let bundle = api.LLVMGetOperandBundleAtIndex(call, 0);
        let tag = borrow_bytes(api, |len| api.LLVMGetOperandBundleTag(bundle, len));
        let what = format!("operand bundle {:?}", String::from_utf8_lossy(tag));
        api.LLVMDisposeOperandBundle(bundle);
        Some(what)
    }

    fn assembly(&self, value: ValueRef) -> Callee {
        const INTEL: i32 = 1;
        let api = self.cx.api();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let flags = [
            (api.LLVMGetInlineAsmHasSideEffects(value) != 0, "sideeffect"),
            (api.LLVMGetInlineAsmNeedsAlignedStack(value) != 0, "alignstack"),
            (api.LLVMGetInlineAsmDialect(value) == INTEL, "inteldialect"),
            (api.LLVMGetInlineAsmCanUnwind(value) != 0, "unwind"),
        ];
        let flags: Vec<&str> = flags.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect();
        Callee::Assembly {
            template: text(borrow_bytes(api, |len| api.LLVMGetInlineAsmAsmString(value, len))),
            constraints: text(borrow_bytes(api, |len| api.LLVMGetInlineAsmConstraintString(value, len))),
            flags: flags.join(" "),
        }
    }
}
