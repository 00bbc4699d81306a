; Every kind of `atomicrmw` that Cranelift has.

define i32 @integers(ptr %at, i32 %a) {
  %xchg = atomicrmw xchg ptr %at, i32 %a monotonic
  %add = atomicrmw add ptr %at, i32 %xchg acquire
  %sub = atomicrmw sub ptr %at, i32 %add release
  %and = atomicrmw and ptr %at, i32 %sub acq_rel
  %nand = atomicrmw nand ptr %at, i32 %and seq_cst
  %or = atomicrmw or ptr %at, i32 %nand seq_cst
  %xor = atomicrmw xor ptr %at, i32 %or seq_cst
  %max = atomicrmw max ptr %at, i32 %xor seq_cst
  %min = atomicrmw min ptr %at, i32 %max seq_cst
  %umax = atomicrmw umax ptr %at, i32 %min seq_cst
  %umin = atomicrmw umin ptr %at, i32 %umax seq_cst
  ret i32 %umin
}
; function %integers(i64, i32) -> i32 system_v {
; block0(v0: i64, v1: i32):
;     v2 = atomic_rmw.i32 xchg v0, v1
;     v3 = atomic_rmw.i32 add v0, v2
;     v4 = atomic_rmw.i32 sub v0, v3
;     v5 = atomic_rmw.i32 and v0, v4
;     v6 = atomic_rmw.i32 nand v0, v5
;     v7 = atomic_rmw.i32 or v0, v6
;     v8 = atomic_rmw.i32 xor v0, v7
;     v9 = atomic_rmw.i32 smax v0, v8
;     v10 = atomic_rmw.i32 smin v0, v9
;     v11 = atomic_rmw.i32 umax v0, v10
;     v12 = atomic_rmw.i32 umin v0, v11
;     return v12
; }

define double @exchange_of_floats(ptr %at, double %a) {
  %old = atomicrmw xchg ptr %at, double %a seq_cst
  ret double %old
}
; function %exchange_of_floats(i64, f64) -> f64 system_v {
; block0(v0: i64, v1: f64):
;     v2 = bitcast.i64 v1
;     v3 = atomic_rmw.i64 xchg v0, v2
;     v4 = bitcast.f64 v3
;     return v4
; }

define ptr @exchange_of_pointers(ptr %at, ptr %a) {
  %old = atomicrmw xchg ptr %at, ptr %a seq_cst
  ret ptr %old
}
; function %exchange_of_pointers(i64, i64) -> i64 system_v {
; block0(v0: i64, v1: i64):
;     v2 = atomic_rmw.i64 xchg v0, v1
;     return v2
; }
