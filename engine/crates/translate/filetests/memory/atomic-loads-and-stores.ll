; Cranelift's atomic accesses are sequentially consistent, whatever the ordering.

define i64 @loads(ptr %from) {
  %unordered = load atomic i64, ptr %from unordered, align 8
  %monotonic = load atomic i64, ptr %from monotonic, align 8
  %acquire = load atomic i64, ptr %from acquire, align 8
  %strong = load atomic i64, ptr %from seq_cst, align 8
  %1 = add i64 %unordered, %monotonic
  %2 = add i64 %acquire, %strong
  %3 = add i64 %1, %2
  ret i64 %3
}
; function %loads(i64) -> i64 system_v {
; block0(v0: i64):
;     v1 = atomic_load.i64 v0
;     v2 = atomic_load.i64 v0
;     v3 = atomic_load.i64 v0
;     v4 = atomic_load.i64 v0
;     v5 = iadd v1, v2
;     v6 = iadd v3, v4
;     v7 = iadd v5, v6
;     return v7
; }

define void @stores(ptr %to, i8 %a) {
  store atomic i8 %a, ptr %to unordered, align 1
  store atomic i8 %a, ptr %to monotonic, align 1
  store atomic i8 %a, ptr %to release, align 1
  store atomic i8 %a, ptr %to seq_cst, align 1
  ret void
}
; function %stores(i64, i8) system_v {
; block0(v0: i64, v1: i8):
;     atomic_store v1, v0
;     atomic_store v1, v0
;     atomic_store v1, v0
;     atomic_store v1, v0
;     return
; }

define ptr @pointers(ptr %from) {
  %a = load atomic ptr, ptr %from acquire, align 8
  store atomic ptr %a, ptr %from release, align 8
  ret ptr %a
}
; function %pointers(i64) -> i64 system_v {
; block0(v0: i64):
;     v1 = atomic_load.i64 v0
;     atomic_store v1, v0
;     return v1
; }

define float @floats(ptr %from) {
  %a = load atomic float, ptr %from acquire, align 4
  store atomic float %a, ptr %from release, align 4
  ret float %a
}
; function %floats(i64) -> f32 system_v {
; block0(v0: i64):
;     v1 = atomic_load.i32 v0
;     v2 = bitcast.f32 v1
;     v3 = bitcast.i32 v2
;     atomic_store v3, v0
;     return v2
; }

define i16 @volatile(ptr %from) {
  %a = load atomic volatile i16, ptr %from seq_cst, align 2
  ret i16 %a
}
; function %volatile(i64) -> i16 system_v {
; block0(v0: i64):
;     v1 = atomic_load.i16 v0
;     return v1
; }
