; `sret` is a pointer that the callee returns, too.

declare void @callee(ptr sret([32 x i8]) align 8, i32)

define void @caller(ptr sret([32 x i8]) align 8 %out, i32 %a) {
  call void @callee(ptr sret([32 x i8]) align 8 %out, i32 %a)
  ret void
}
; function %caller(i64 sret, i32) system_v {
;     sig0 = (i64 sret, i32) system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @callee
;
; block0(v0: i64, v1: i32):
;     call fn0(v0, v1)
;     return
; }

define i8 @into_a_slot() {
  %slot = alloca [32 x i8], align 8
  call void @callee(ptr sret([32 x i8]) align 8 %slot, i32 1)
  %first = load i8, ptr %slot
  ret i8 %first
}
; function %into_a_slot() -> i8 system_v {
;     ss0 = explicit_slot 32, align = 8
;     sig0 = (i64 sret, i32) system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @callee
;
; block0:
;     v0 = stack_addr.i64 ss0
;     v1 = iconst.i32 1
;     call fn0(v0, v1)  ; v1 = 1
;     v2 = stack_addr.i64 ss0
;     v3 = load.i8 notrap aligned v2
;     return v3
; }
