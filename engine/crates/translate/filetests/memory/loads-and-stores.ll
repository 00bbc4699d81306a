; Accesses have LLVM's store size, and say that they do not trap, unless they are volatile.

define void @scalars(ptr %from, ptr %to) {
  %byte = load i8, ptr %from
  store i8 %byte, ptr %to
  %word = load i32, ptr %from
  store i32 %word, ptr %to
  %float = load float, ptr %from
  store float %float, ptr %to
  %double = load double, ptr %from
  store double %double, ptr %to
  %pointer = load ptr, ptr %from
  store ptr %pointer, ptr %to
  %wide = load i128, ptr %from
  store i128 %wide, ptr %to
  %vector = load <4 x i32>, ptr %from
  store <4 x i32> %vector, ptr %to
  ret void
}
; function %scalars(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i8 notrap aligned v0
;     store notrap aligned v2, v1
;     v3 = load.i32 notrap aligned v0
;     store notrap aligned v3, v1
;     v4 = load.f32 notrap aligned v0
;     store notrap aligned v4, v1
;     v5 = load.f64 notrap aligned v0
;     store notrap aligned v5, v1
;     v6 = load.i64 notrap aligned v0
;     store notrap aligned v6, v1
;     v7 = load.i128 notrap aligned v0
;     store notrap aligned v7, v1
;     v8 = load.i32x4 notrap aligned v0
;     store notrap aligned v8, v1
;     return
; }

define void @constants(ptr %to) {
  store i32 7, ptr %to
  store ptr null, ptr %to
  store i64 undef, ptr %to
  ret void
}
; function %constants(i64) system_v {
; block0(v0: i64):
;     v1 = iconst.i32 7
;     store notrap aligned v1, v0  ; v1 = 7
;     v2 = iconst.i64 0
;     store notrap aligned v2, v0  ; v2 = 0
;     return
; }
