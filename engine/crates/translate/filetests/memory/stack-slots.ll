; A variable on the stack is a slot. Its address is made anew at each use, which folds into the access.

define i32 @variable(i32 %a) {
  %slot = alloca i32
  store i32 %a, ptr %slot
  %b = load i32, ptr %slot
  ret i32 %b
}
; function %variable(i32) -> i32 system_v {
;     ss0 = explicit_slot 4, align = 4
;
; block0(v0: i32):
;     v1 = stack_addr.i64 ss0
;     store notrap aligned v0, v1
;     v2 = stack_addr.i64 ss0
;     v3 = load.i32 notrap aligned v2
;     return v3
; }

define i64 @field(i64 %a) {
  %slot = alloca { i64, i64 }, align 8
  %second = getelementptr { i64, i64 }, ptr %slot, i64 0, i32 1
  store i64 %a, ptr %second
  %b = load i64, ptr %second
  ret i64 %b
}
; function %field(i64) -> i64 system_v {
;     ss0 = explicit_slot 16, align = 8
;
; block0(v0: i64):
;     v1 = stack_addr.i64 ss0+8
;     store notrap aligned v0, v1
;     v2 = stack_addr.i64 ss0+8
;     v3 = load.i64 notrap aligned v2
;     return v3
; }

declare void @use(ptr)

define void @escaping() {
  %bytes = alloca [100 x i8], align 1
  %count = alloca i16, i32 4, align 2
  call void @use(ptr %bytes)
  call void @use(ptr %count)
  ret void
}
; function %escaping() system_v {
;     ss0 = explicit_slot 100
;     ss1 = explicit_slot 8, align = 2
;     sig0 = (i64) system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @use
;
; block0:
;     v0 = stack_addr.i64 ss0
;     call fn0(v0)
;     v1 = stack_addr.i64 ss1
;     call fn0(v1)
;     return
; }

define void @more_aligned_than_frames() {
  %slot = alloca [32 x i8], align 64
  call void @use(ptr %slot)
  ret void
}
; function %more_aligned_than_frames() system_v {
;     ss0 = explicit_slot 96, align = 16
;     sig0 = (i64) system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @use
;
; block0:
;     v0 = stack_addr.i64 ss0
;     v1 = iconst.i64 63
;     v2 = iadd v0, v1  ; v1 = 63
;     v3 = iconst.i64 -64
;     v4 = band v2, v3  ; v3 = -64
;     call fn0(v4)
;     return
; }

define void @empty() {
  %slot = alloca {}
  call void @use(ptr %slot)
  ret void
}
; function %empty() system_v {
;     ss0 = explicit_slot 1, align = 8
;     sig0 = (i64) system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @use
;
; block0:
;     v0 = stack_addr.i64 ss0
;     call fn0(v0)
;     return
; }
