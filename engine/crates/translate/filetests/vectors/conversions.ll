; Casts between vectors go lane by lane.

define void @extend(ptr %out, <4 x i32> %a) {
  %wide = sext <4 x i32> %a to <4 x i64>
  store <4 x i64> %wide, ptr %out
  ret void
}
; function %extend(i64, i32x4) system_v {
;     ss0 = explicit_slot 16, align = 16
;     ss1 = explicit_slot 16, align = 16
;
; block0(v0: i64, v1: i32x4):
;     v2 = extractlane v1, 0
;     v3 = extractlane v1, 1
;     v4 = extractlane v1, 2
;     v5 = extractlane v1, 3
;     v6 = sextend.i64 v2
;     v7 = sextend.i64 v3
;     v8 = sextend.i64 v4
;     v9 = sextend.i64 v5
;     v10 = stack_addr.i64 ss0
;     store notrap v6, v10
;     v11 = stack_addr.i64 ss0+8
;     store notrap v7, v11
;     v12 = stack_addr.i64 ss0
;     v13 = load.i64x2 notrap v12
;     v14 = stack_addr.i64 ss1
;     store notrap v8, v14
;     v15 = stack_addr.i64 ss1+8
;     store notrap v9, v15
;     v16 = stack_addr.i64 ss1
;     v17 = load.i64x2 notrap v16
;     store notrap aligned v13, v0
;     store notrap aligned v17, v0+16
;     return
; }

define <4 x float> @to_floats(<4 x i32> %a) {
  %floats = sitofp <4 x i32> %a to <4 x float>
  ret <4 x float> %floats
}
; function %to_floats(i32x4) -> f32x4 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i32x4):
;     v1 = extractlane v0, 0
;     v2 = extractlane v0, 1
;     v3 = extractlane v0, 2
;     v4 = extractlane v0, 3
;     v5 = sextend.i64 v1
;     v6 = fcvt_from_sint.f32 v5
;     v7 = sextend.i64 v2
;     v8 = fcvt_from_sint.f32 v7
;     v9 = sextend.i64 v3
;     v10 = fcvt_from_sint.f32 v9
;     v11 = sextend.i64 v4
;     v12 = fcvt_from_sint.f32 v11
;     v13 = stack_addr.i64 ss0
;     store notrap v6, v13
;     v14 = stack_addr.i64 ss0+4
;     store notrap v8, v14
;     v15 = stack_addr.i64 ss0+8
;     store notrap v10, v15
;     v16 = stack_addr.i64 ss0+12
;     store notrap v12, v16
;     v17 = stack_addr.i64 ss0
;     v18 = load.f32x4 notrap v17
;     return v18
; }

define <4 x i32> @from_floats(<4 x float> %a) {
  %ints = fptosi <4 x float> %a to <4 x i32>
  ret <4 x i32> %ints
}
; function %from_floats(f32x4) -> i32x4 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: f32x4):
;     v1 = extractlane v0, 0
;     v2 = extractlane v0, 1
;     v3 = extractlane v0, 2
;     v4 = extractlane v0, 3
;     v5 = fcvt_to_sint_sat.i32 v1
;     v6 = fcvt_to_sint_sat.i32 v2
;     v7 = fcvt_to_sint_sat.i32 v3
;     v8 = fcvt_to_sint_sat.i32 v4
;     v9 = stack_addr.i64 ss0
;     store notrap v5, v9
;     v10 = stack_addr.i64 ss0+4
;     store notrap v6, v10
;     v11 = stack_addr.i64 ss0+8
;     store notrap v7, v11
;     v12 = stack_addr.i64 ss0+12
;     store notrap v8, v12
;     v13 = stack_addr.i64 ss0
;     v14 = load.i32x4 notrap v13
;     return v14
; }
