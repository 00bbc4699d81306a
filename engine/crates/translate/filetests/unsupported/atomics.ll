; Atomic accesses that x86-64 does in other ways.

define void @wide(ptr %at) {
  %a = load atomic i128, ptr %at seq_cst, align 16
  ret void
}
; unsupported: 128-bit atomic access

define void @wide_exchange(ptr %at, i128 %a) {
  %old = atomicrmw xchg ptr %at, i128 %a seq_cst
  ret void
}
; unsupported: 128-bit atomic access

define void @float_sum(ptr %at, float %a) {
  %old = atomicrmw fadd ptr %at, float %a seq_cst
  ret void
}
; unsupported: atomicrmw of an unknown kind

define void @wrapping_increment(ptr %at) {
  %old = atomicrmw uinc_wrap ptr %at, i32 9 seq_cst
  ret void
}
; unsupported: atomicrmw of an unknown kind

define void @unaligned(ptr %at) {
  %a = load atomic i64, ptr %at seq_cst, align 4
  ret void
}
; unsupported: atomic access of 8 bytes aligned to 4
