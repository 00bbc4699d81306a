; A shift of all lanes by the same constant is one instruction, where SSE2 has it.

define <4 x i32> @by_a_constant(<4 x i32> %a) {
  %1 = shl <4 x i32> %a, splat (i32 3)
  %2 = lshr <4 x i32> %1, <i32 2, i32 2, i32 2, i32 2>
  %3 = ashr <4 x i32> %2, splat (i32 1)
  ret <4 x i32> %3
}
; function %by_a_constant(i32x4) -> i32x4 system_v {
; block0(v0: i32x4):
;     v1 = iconst.i32 3
;     v2 = ishl v0, v1  ; v1 = 3
;     v3 = iconst.i32 2
;     v4 = ushr v2, v3  ; v3 = 2
;     v5 = iconst.i32 1
;     v6 = sshr v4, v5  ; v5 = 1
;     return v6
; }

define <2 x i64> @not_in_sse2(<2 x i64> %a) {
  %1 = ashr <2 x i64> %a, splat (i64 1)
  ret <2 x i64> %1
}
; function %not_in_sse2(i64x2) -> i64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;     const0 = 0x00000000000000010000000000000001
;
; block0(v0: i64x2):
;     v1 = vconst.i64x2 const0
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v1, 0  ; v1 = const0
;     v5 = extractlane v1, 1  ; v1 = const0
;     v6 = sshr v2, v4
;     v7 = sshr v3, v5
;     v8 = stack_addr.i64 ss0
;     store notrap v6, v8
;     v9 = stack_addr.i64 ss0+8
;     store notrap v7, v9
;     v10 = stack_addr.i64 ss0
;     v11 = load.i64x2 notrap v10
;     return v11
; }

define <2 x i64> @different(<2 x i64> %a) {
  %1 = lshr <2 x i64> %a, <i64 1, i64 2>
  ret <2 x i64> %1
}
; function %different(i64x2) -> i64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;     const0 = 0x00000000000000020000000000000001
;
; block0(v0: i64x2):
;     v1 = vconst.i64x2 const0
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v1, 0  ; v1 = const0
;     v5 = extractlane v1, 1  ; v1 = const0
;     v6 = ushr v2, v4
;     v7 = ushr v3, v5
;     v8 = stack_addr.i64 ss0
;     store notrap v6, v8
;     v9 = stack_addr.i64 ss0+8
;     store notrap v7, v9
;     v10 = stack_addr.i64 ss0
;     v11 = load.i64x2 notrap v10
;     return v11
; }
