//! What must be known of a function's body when it is not decoded any more.

use cranefly_bitcode::ir::{Callee, Function, Op};

use crate::async_fn::suspensions;
use crate::{system_calls, type_id};

/// What must be known of a function's body when it is not decoded any more.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// It may be what a blanked body (`loop {}`) becomes.
    pub is_blank: bool,
    /// It polls the future of an `async fn`, which may be suspended at so many points.
    pub suspensions: Option<u32>,
    /// It may hold half of a `TypeId`.
    pub may_hold_identity: bool,
    /// It may ask the kernel for something, by itself.
    pub may_enter_kernel: bool,
}

impl Shape {
    /// The shape of a function.
    pub fn of(body: &Function) -> Self {
        Self {
            is_blank: is_blank(body),
            suspensions: suspensions(body),
            may_hold_identity: type_id::may_be_in(body),
            may_enter_kernel: system_calls::may_be_in(body),
        }
    }
}

/// Whether a body may be what a blanked one (`loop {}`) becomes: it never ends, in no way, and calls nobody. Whatever else it
/// does may be parameters that are put in their places, which takes stores, casts, or copies by intrinsics. A function that was
/// written like that is treated as a blanked one, at the price of a refusal.
fn is_blank(body: &Function) -> bool {
    body.blocks.iter().flat_map(|block| &block.instructions).all(|instruction| match &instruction.op {
        Op::Ret { .. } | Op::Resume { .. } | Op::Unreachable => false,
        Op::Call { callee, .. } => matches!(callee, Callee::Intrinsic(_)),
        _ => true,
    })
}
