; What only informs the optimiser, or asks it something.

define i64 @hints(ptr %a, i1 %sure, i64 %b) {
  call void @llvm.assume(i1 %sure)
  call void @llvm.assume(i1 true) [ "align"(ptr %a, i64 8) ]
  call void @llvm.prefetch.p0(ptr %a, i32 0, i32 3, i32 1)
  call void @llvm.sideeffect()
  %likely = call i1 @llvm.expect.i1(i1 %sure, i1 true)
  %known = call i1 @llvm.is.constant.i64(i64 %b)
  %size = call i64 @llvm.objectsize.i64.p0(ptr %a, i1 false, i1 true, i1 false)
  %least = call i64 @llvm.objectsize.i64.p0(ptr %a, i1 true, i1 true, i1 false)
  %1 = xor i1 %likely, %known
  %2 = select i1 %1, i64 %size, i64 %least
  ret i64 %2
}
; function %hints(i64, i8, i64) -> i64 system_v {
; block0(v0: i64, v1: i8, v2: i64):
;     v3 = iconst.i8 1
;     v4 = band v1, v3  ; v3 = 1
;     v5 = iconst.i8 0
;     v6 = iconst.i8 0
;     v7 = iconst.i64 0
;     v8 = iconst.i64 -1
;     v9 = select v6, v7, v8  ; v6 = 0, v7 = 0, v8 = -1
;     v10 = iconst.i8 1
;     v11 = iconst.i64 0
;     v12 = iconst.i64 -1
;     v13 = select v10, v11, v12  ; v10 = 1, v11 = 0, v12 = -1
;     v14 = bxor v4, v5  ; v5 = 0
;     v15 = select v14, v9, v13
;     return v15
; }

define void @lifetimes() {
  %slot = alloca i32
  call void @llvm.lifetime.start.p0(ptr %slot)
  store i32 1, ptr %slot
  call void @llvm.lifetime.end.p0(ptr %slot)
  ret void
}
; function %lifetimes() system_v {
;     ss0 = explicit_slot 4, align = 4
;
; block0:
;     v0 = stack_addr.i64 ss0
;     v1 = iconst.i32 1
;     store notrap aligned v1, v0  ; v1 = 1
;     return
; }

define ptr @invariants(ptr %a) {
  %token = call ptr @llvm.invariant.start.p0(i64 8, ptr %a)
  call void @llvm.invariant.end.p0(ptr %token, i64 8, ptr %a)
  %b = call ptr @llvm.launder.invariant.group.p0(ptr %a)
  ret ptr %b
}
; function %invariants(i64) -> i64 system_v {
; block0(v0: i64):
;     v1 = iconst.i64 0
;     return v0
; }

declare void @llvm.assume(i1)
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
declare void @llvm.sideeffect()
declare i1 @llvm.expect.i1(i1, i1)
declare i1 @llvm.is.constant.i64(i64)
declare i64 @llvm.objectsize.i64.p0(ptr, i1, i1, i1)
declare void @llvm.lifetime.start.p0(ptr)
declare void @llvm.lifetime.end.p0(ptr)
declare ptr @llvm.invariant.start.p0(i64, ptr)
declare void @llvm.invariant.end.p0(ptr, i64, ptr)
declare ptr @llvm.launder.invariant.group.p0(ptr)
