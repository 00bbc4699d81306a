; Everything else is done lane by lane.

define <4 x i32> @products(<4 x i32> %a, <4 x i32> %b) {
  %1 = mul <4 x i32> %a, %b
  ret <4 x i32> %1
}
; function %products(i32x4, i32x4) -> i32x4 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i32x4, v1: i32x4):
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v0, 2
;     v5 = extractlane v0, 3
;     v6 = extractlane v1, 0
;     v7 = extractlane v1, 1
;     v8 = extractlane v1, 2
;     v9 = extractlane v1, 3
;     v10 = imul v2, v6
;     v11 = imul v3, v7
;     v12 = imul v4, v8
;     v13 = imul v5, v9
;     v14 = stack_addr.i64 ss0
;     store notrap v10, v14
;     v15 = stack_addr.i64 ss0+4
;     store notrap v11, v15
;     v16 = stack_addr.i64 ss0+8
;     store notrap v12, v16
;     v17 = stack_addr.i64 ss0+12
;     store notrap v13, v17
;     v18 = stack_addr.i64 ss0
;     v19 = load.i32x4 notrap v18
;     return v19
; }

define <2 x i64> @shifts(<2 x i64> %a, <2 x i64> %by) {
  %1 = shl <2 x i64> %a, %by
  ret <2 x i64> %1
}
; function %shifts(i64x2, i64x2) -> i64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i64x2, v1: i64x2):
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v1, 0
;     v5 = extractlane v1, 1
;     v6 = ishl v2, v4
;     v7 = ishl v3, v5
;     v8 = stack_addr.i64 ss0
;     store notrap v6, v8
;     v9 = stack_addr.i64 ss0+8
;     store notrap v7, v9
;     v10 = stack_addr.i64 ss0
;     v11 = load.i64x2 notrap v10
;     return v11
; }

define <2 x double> @remainders(<2 x double> %a, <2 x double> %b) {
  %1 = frem <2 x double> %a, %b
  ret <2 x double> %1
}
; function %remainders(f64x2, f64x2) -> f64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;     sig0 = (f64, f64) -> f64 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is fmod of the run-time library
;
; block0(v0: f64x2, v1: f64x2):
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v1, 0
;     v5 = extractlane v1, 1
;     v6 = call fn0(v2, v4)
;     v7 = call fn0(v3, v5)
;     v8 = stack_addr.i64 ss0
;     store notrap v6, v8
;     v9 = stack_addr.i64 ss0+8
;     store notrap v7, v9
;     v10 = stack_addr.i64 ss0
;     v11 = load.f64x2 notrap v10
;     return v11
; }
