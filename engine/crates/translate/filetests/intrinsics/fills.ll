; Small fills with a constant are stores.

define void @small(ptr %to) {
  call void @llvm.memset.p0.i64(ptr %to, i8 -1, i64 27, i1 false)
  ret void
}
; function %small(i64) system_v {
;     const0 = 0xffffffffffffffffffffffffffffffff
;
; block0(v0: i64):
;     v1 = vconst.i8x16 const0
;     store notrap v1, v0  ; v1 = const0
;     v2 = iconst.i64 -1
;     store notrap v2, v0+16  ; v2 = -1
;     v3 = iconst.i16 -1
;     store notrap v3, v0+24  ; v3 = -1
;     v4 = iconst.i8 -1
;     store notrap v4, v0+26  ; v4 = -1
;     return
; }

define void @large(ptr %to) {
  call void @llvm.memset.p0.i64(ptr %to, i8 0, i64 100, i1 false)
  ret void
}
; function %large(i64) system_v {
;     sig0 = (i64, i32, i64) -> i64 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is memset of the run-time library
;
; block0(v0: i64):
;     v1 = iconst.i8 0
;     v2 = uextend.i32 v1  ; v1 = 0
;     v3 = iconst.i64 100
;     v4 = call fn0(v0, v2, v3)  ; v3 = 100
;     return
; }

define void @of_a_variable(ptr %to, i8 %byte, i64 %size) {
  call void @llvm.memset.p0.i64(ptr %to, i8 %byte, i64 8, i1 false)
  call void @llvm.memset.p0.i64(ptr %to, i8 0, i64 %size, i1 false)
  ret void
}
; function %of_a_variable(i64, i8, i64) system_v {
;     sig0 = (i64, i32, i64) -> i64 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is memset of the run-time library
;
; block0(v0: i64, v1: i8, v2: i64):
;     v3 = uextend.i32 v1
;     v4 = iconst.i64 8
;     v5 = call fn0(v0, v3, v4)  ; v4 = 8
;     v6 = iconst.i8 0
;     v7 = uextend.i32 v6  ; v6 = 0
;     v8 = call fn0(v0, v7, v2)
;     return
; }

declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
