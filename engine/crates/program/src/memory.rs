//! The daemon's memory.

/// Lets the C library return freed memory to the system: LLVM's modules are freed in pieces all over its heaps.
pub fn give_memory_back() {
    // SAFETY: only touches the allocator's own free memory.
    unsafe { libc::malloc_trim(0) };
}
