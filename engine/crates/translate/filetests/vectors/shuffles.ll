; Lanes of two vectors in any order.

define <4 x i32> @one_vector(<4 x i32> %a) {
  %1 = shufflevector <4 x i32> %a, <4 x i32> poison, <4 x i32> <i32 3, i32 2, i32 1, i32 0>
  ret <4 x i32> %1
}
; function %one_vector(i32x4) -> i32x4 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i32x4):
;     v1 = extractlane v0, 0
;     v2 = extractlane v0, 1
;     v3 = extractlane v0, 2
;     v4 = extractlane v0, 3
;     v5 = iconst.i32 0
;     v6 = stack_addr.i64 ss0
;     store notrap v4, v6
;     v7 = stack_addr.i64 ss0+4
;     store notrap v3, v7
;     v8 = stack_addr.i64 ss0+8
;     store notrap v2, v8
;     v9 = stack_addr.i64 ss0+12
;     store notrap v1, v9
;     v10 = stack_addr.i64 ss0
;     v11 = load.i32x4 notrap v10
;     return v11
; }

define <2 x i64> @two_vectors(<2 x i64> %a, <2 x i64> %b) {
  %1 = shufflevector <2 x i64> %a, <2 x i64> %b, <2 x i32> <i32 1, i32 2>
  ret <2 x i64> %1
}
; function %two_vectors(i64x2, i64x2) -> i64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i64x2, v1: i64x2):
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v1, 0
;     v5 = extractlane v1, 1
;     v6 = iconst.i64 0
;     v7 = stack_addr.i64 ss0
;     store notrap v3, v7
;     v8 = stack_addr.i64 ss0+8
;     store notrap v4, v8
;     v9 = stack_addr.i64 ss0
;     v10 = load.i64x2 notrap v9
;     return v10
; }

define <4 x i32> @undefined_lanes(<4 x i32> %a) {
  %1 = shufflevector <4 x i32> %a, <4 x i32> poison, <4 x i32> <i32 0, i32 poison, i32 0, i32 poison>
  ret <4 x i32> %1
}
; function %undefined_lanes(i32x4) -> i32x4 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i32x4):
;     v1 = extractlane v0, 0
;     v2 = extractlane v0, 1
;     v3 = extractlane v0, 2
;     v4 = extractlane v0, 3
;     v5 = iconst.i32 0
;     v6 = stack_addr.i64 ss0
;     store notrap v1, v6
;     v7 = stack_addr.i64 ss0+4
;     store notrap v5, v7  ; v5 = 0
;     v8 = stack_addr.i64 ss0+8
;     store notrap v1, v8
;     v9 = stack_addr.i64 ss0+12
;     store notrap v5, v9  ; v5 = 0
;     v10 = stack_addr.i64 ss0
;     v11 = load.i32x4 notrap v10
;     return v11
; }
