; Small copies are loads, then stores, so that the places may overlap; others are the C library's.

define void @small(ptr %to, ptr %from) {
  call void @llvm.memcpy.p0.p0.i64(ptr align 8 %to, ptr align 8 %from, i64 31, i1 false)
  call void @llvm.memmove.p0.p0.i64(ptr %to, ptr %from, i64 2, i1 false)
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 0, i1 false)
  ret void
}
; function %small(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i8x16 notrap v1
;     v3 = load.i64 notrap v1+16
;     v4 = load.i32 notrap v1+24
;     v5 = load.i16 notrap v1+28
;     v6 = load.i8 notrap v1+30
;     store notrap v2, v0
;     store notrap v3, v0+16
;     store notrap v4, v0+24
;     store notrap v5, v0+28
;     store notrap v6, v0+30
;     v7 = load.i16 notrap v1
;     store notrap v7, v0
;     return
; }

define void @large(ptr %to, ptr %from) {
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 65, i1 false)
  call void @llvm.memmove.p0.p0.i64(ptr %to, ptr %from, i64 1000, i1 false)
  ret void
}
; function %large(i64, i64) system_v {
;     sig0 = (i64, i64, i64) -> i64 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is memcpy of the run-time library
;     fn1 = colocated u2:1 sig0 ; u2:1 is memmove of the run-time library
;
; block0(v0: i64, v1: i64):
;     v2 = iconst.i64 65
;     v3 = call fn0(v0, v1, v2)  ; v2 = 65
;     v4 = iconst.i64 1000
;     v5 = call fn1(v0, v1, v4)  ; v4 = 1000
;     return
; }

define void @of_unknown_size(ptr %to, ptr %from, i64 %size, i32 %narrow) {
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %from, i64 %size, i1 false)
  call void @llvm.memmove.p0.p0.i32(ptr %to, ptr %from, i32 %narrow, i1 false)
  ret void
}
; function %of_unknown_size(i64, i64, i64, i32) system_v {
;     sig0 = (i64, i64, i64) -> i64 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is memcpy of the run-time library
;     fn1 = colocated u2:1 sig0 ; u2:1 is memmove of the run-time library
;
; block0(v0: i64, v1: i64, v2: i64, v3: i32):
;     v4 = call fn0(v0, v1, v2)
;     v5 = uextend.i64 v3
;     v6 = call fn1(v0, v1, v5)
;     return
; }

declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memmove.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memmove.p0.p0.i32(ptr, ptr, i32, i1)
