//! `_start`, where the kernel and the loader hand over to a program.

/// As the psABI and glibc want it (as in glibc's `sysdeps/x86_64/start.S`); the two displacements are of the GOT entries of
/// `main` and `__libc_start_main`.
const START: [u8; LENGTH] = [
    0x31, 0xed, // xor %ebp, %ebp
    0x49, 0x89, 0xd1, // mov %rdx, %r9
    0x5e, // pop %rsi
    0x48, 0x89, 0xe2, // mov %rsp, %rdx
    0x48, 0x83, 0xe4, 0xf0, // and $-16, %rsp
    0x50, // push %rax
    0x54, // push %rsp
    0x45, 0x31, 0xc0, // xor %r8d, %r8d
    0x31, 0xc9, // xor %ecx, %ecx
    0x48, 0x8b, 0x3d, 0, 0, 0, 0, // mov main@GOT(%rip), %rdi
    0xff, 0x15, 0, 0, 0, 0,    // call *__libc_start_main@GOT(%rip)
    0xf4, // hlt
    0xcc, 0xcc,
];
const MAIN_AT: usize = 23;
const LIBC_AT: usize = 29;

/// Bytes of it, and its alignment.
pub const LENGTH: usize = 36;
pub const ALIGN: u64 = 16;

/// Call frame instructions: as in glibc's own, the return address is undefined, since this is where backtraces end.
pub const CFI: [u8; 2] = [7, 16];

/// Where `main` is.
#[derive(Clone, Copy, Debug)]
pub enum Main {
    /// Its address.
    At(u64),
    /// A GOT entry that holds its address.
    In(u64),
}

/// The code at `at`; `libc` is the GOT entry of `__libc_start_main`. Everything lies within 2 GB.
pub fn code(at: u64, main: Main, libc: u64) -> [u8; LENGTH] {
    let mut bytes = START;
    let main = match main {
        Main::In(cell) => cell,
        Main::At(address) => {
            // lea main(%rip), %rdi
            bytes[MAIN_AT - 2] = 0x8d;
            address
        }
    };
    displace(&mut bytes, at, MAIN_AT, main);
    displace(&mut bytes, at, LIBC_AT, libc);
    bytes
}

/// Lets the displacement at offset `position` of code at `at`, with which an instruction ends, lead to `target`.
pub fn displace(bytes: &mut [u8], at: u64, position: usize, target: u64) {
    let next = (at + position as u64 + 4).cast_signed();
    let distance = i32::try_from(target.cast_signed() - next).expect("2 GB at most");
    bytes[position..position + 4].copy_from_slice(&distance.to_le_bytes());
}

/// The name of what an executable calls before anything else: the [start check](cranefly_runtime::start_check). No [private
/// name](crate::base::private_name), which may be that of any function of the program's.
pub const START_CHECK: &str = "__cranefly_start_check";

/// The name of what an executable calls in the place of its constructors.
pub const START_INIT: &str = "__cranefly_start_init";
