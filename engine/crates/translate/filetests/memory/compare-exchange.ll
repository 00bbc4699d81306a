; `cmpxchg` gives the old value, and whether it was the expected one.

define { i32, i1 } @strong(ptr %at, i32 %expected, i32 %new) {
  %result = cmpxchg ptr %at, i32 %expected, i32 %new acq_rel monotonic
  ret { i32, i1 } %result
}
; function %strong(i64, i32, i32) -> i32, i8 system_v {
; block0(v0: i64, v1: i32, v2: i32):
;     v3 = atomic_cas v0, v1, v2
;     v4 = icmp eq v3, v1
;     return v3, v4
; }

define i1 @weak(ptr %at, ptr %expected, ptr %new) {
  %result = cmpxchg weak ptr %at, ptr %expected, ptr %new seq_cst seq_cst
  %success = extractvalue { ptr, i1 } %result, 1
  ret i1 %success
}
; function %weak(i64, i64, i64) -> i8 system_v {
; block0(v0: i64, v1: i64, v2: i64):
;     v3 = atomic_cas v0, v1, v2
;     v4 = icmp eq v3, v1
;     return v4
; }
