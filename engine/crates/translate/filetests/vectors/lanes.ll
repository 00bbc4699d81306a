; Lanes by number; through memory where one is replaced or the number is not a constant.

define i32 @extract(<4 x i32> %a) {
  %1 = extractelement <4 x i32> %a, i64 3
  ret i32 %1
}
; function %extract(i32x4) -> i32 system_v {
; block0(v0: i32x4):
;     v1 = extractlane v0, 3
;     return v1
; }

define i32 @extract_variable(<4 x i32> %a, i32 %index) {
  %1 = extractelement <4 x i32> %a, i32 %index
  ret i32 %1
}
; function %extract_variable(i32x4, i32) -> i32 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i32x4, v1: i32):
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v0, 2
;     v5 = extractlane v0, 3
;     v6 = stack_addr.i64 ss0
;     store notrap v2, v6
;     v7 = stack_addr.i64 ss0+4
;     store notrap v3, v7
;     v8 = stack_addr.i64 ss0+8
;     store notrap v4, v8
;     v9 = stack_addr.i64 ss0+12
;     store notrap v5, v9
;     v10 = stack_addr.i64 ss0
;     v11 = uextend.i64 v1
;     v12 = iconst.i64 3
;     v13 = umin v11, v12  ; v12 = 3
;     v14 = iconst.i64 4
;     v15 = imul v13, v14  ; v14 = 4
;     v16 = iadd v10, v15
;     v17 = load.i32 notrap v16
;     return v17
; }

define i64 @extract_beyond(<2 x i64> %a) {
  %1 = extractelement <2 x i64> %a, i64 2
  ret i64 %1
}
; function %extract_beyond(i64x2) -> i64 system_v {
; block0(v0: i64x2):
;     v1 = iconst.i64 0
;     return v1  ; v1 = 0
; }

define <2 x i64> @insert(<2 x i64> %a, i64 %b) {
  %1 = insertelement <2 x i64> %a, i64 %b, i64 1
  ret <2 x i64> %1
}
; function %insert(i64x2, i64) -> i64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i64x2, v1: i64):
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = stack_addr.i64 ss0
;     store notrap v2, v4
;     v5 = stack_addr.i64 ss0+8
;     store notrap v1, v5
;     v6 = stack_addr.i64 ss0
;     v7 = load.i64x2 notrap v6
;     return v7
; }

define <2 x double> @insert_variable(<2 x double> %a, double %b, i64 %index) {
  %1 = insertelement <2 x double> %a, double %b, i64 %index
  ret <2 x double> %1
}
; function %insert_variable(f64x2, f64, i64) -> f64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;     ss1 = explicit_slot 16, align = 16
;
; block0(v0: f64x2, v1: f64, v2: i64):
;     v3 = extractlane v0, 0
;     v4 = extractlane v0, 1
;     v5 = stack_addr.i64 ss0
;     store notrap v3, v5
;     v6 = stack_addr.i64 ss0+8
;     store notrap v4, v6
;     v7 = stack_addr.i64 ss0
;     v8 = iconst.i64 1
;     v9 = umin v2, v8  ; v8 = 1
;     v10 = iconst.i64 8
;     v11 = imul v9, v10  ; v10 = 8
;     v12 = iadd v7, v11
;     store notrap v1, v12
;     v13 = load.f64 notrap v7
;     v14 = load.f64 notrap v7+8
;     v15 = stack_addr.i64 ss1
;     store notrap v13, v15
;     v16 = stack_addr.i64 ss1+8
;     store notrap v14, v16
;     v17 = stack_addr.i64 ss1
;     v18 = load.f64x2 notrap v17
;     return v18
; }
