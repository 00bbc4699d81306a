//! First call: what happens when a program calls a function that has no machine code yet.
//!
//! **Takes** nothing but what the daemon wrote: slots, a data block, a control file. **Gives** [`stub`], a
//! position-independent blob of machine code that the image carries in its text, and [`Control`], the daemon's end of
//! the conversation. **Never** touches the program's allocator, thread-locals, locks, errno, vector state or signal
//! handlers: the stub makes raw system calls only, and needs less than 400 bytes of stack.
//!
//! A function is called through its *slot*, 16 aligned bytes of text, the first of which matter: `E9 rel32` jumps to the code, `E8 rel32` calls
//! the stub, which finds the slot by its return address, asks the daemon through the shared [`Layout`], sleeps until
//! the daemon has rewritten the slot in the page cache, and starts the slot again with every register as it was.

mod control;
mod layout;
mod start;
mod stub;

pub use control::{Command, Control, ControlError, Request};
pub use layout::{COMMAND_BYTES, FATAL_BYTES, Layout, MAGIC, MAX_STRINGS, RING, VERSION};
pub use start::{BUILD_ID, NOT_RUN, Start, StartCheck, start_check};
pub use stub::{
    BindError, DATA_ALIGN, DATA_SIZE, SLOT_SIZE, SLOTS_CFI, STUB_ALIGN, Stub, compiled_slot, data_block, failure_code,
    is_uncompiled, stub, uncompiled_slot,
};
