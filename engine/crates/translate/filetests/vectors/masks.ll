; Vectors of `i1` are lane masks as wide as a register, where the lanes fill one.

define i1 @lane(<4 x i32> %a, <4 x i32> %b) {
  %mask = icmp eq <4 x i32> %a, %b
  %third = extractelement <4 x i1> %mask, i64 2
  ret i1 %third
}
; function %lane(i32x4, i32x4) -> i8 system_v {
; block0(v0: i32x4, v1: i32x4):
;     v2 = icmp eq v0, v1
;     v3 = extractlane v2, 2
;     v4 = ireduce.i8 v3
;     v5 = iconst.i8 1
;     v6 = band v4, v5  ; v5 = 1
;     return v6
; }

define <4 x i32> @logic(<4 x i32> %a, <4 x i32> %b) {
  %1 = icmp eq <4 x i32> %a, %b
  %2 = icmp sgt <4 x i32> %a, %b
  %3 = or <4 x i1> %1, %2
  %4 = xor <4 x i1> %3, splat (i1 true)
  %5 = sext <4 x i1> %4 to <4 x i32>
  ret <4 x i32> %5
}
; function %logic(i32x4, i32x4) -> i32x4 system_v {
;     const0 = 0xffffffffffffffffffffffffffffffff
;
; block0(v0: i32x4, v1: i32x4):
;     v2 = icmp eq v0, v1
;     v3 = icmp sgt v0, v1
;     v4 = bor v2, v3
;     v5 = vconst.i32x4 const0
;     v6 = bxor v4, v5  ; v5 = const0
;     return v6
; }

define <4 x i32> @from_lanes(<4 x i32> %a) {
  %low = trunc <4 x i32> %a to <4 x i1>
  %back = zext <4 x i1> %low to <4 x i32>
  ret <4 x i32> %back
}
; function %from_lanes(i32x4) -> i32x4 system_v {
;     const0 = 0x00000001000000010000000100000001
;
; block0(v0: i32x4):
;     v1 = vconst.i32x4 const0
;     v2 = band v0, v1  ; v1 = const0
;     v3 = icmp eq v2, v1  ; v1 = const0
;     v4 = vconst.i32x4 const0
;     v5 = band v3, v4  ; v4 = const0
;     return v5
; }

define <16 x i8> @constant(<16 x i8> %a) {
  %1 = select <16 x i1> <i1 1, i1 0, i1 1, i1 0, i1 1, i1 0, i1 1, i1 0, i1 1, i1 0, i1 1, i1 0, i1 1, i1 0, i1 1, i1 0>, <16 x i8> %a, <16 x i8> zeroinitializer
  ret <16 x i8> %1
}
; function %constant(i8x16) -> i8x16 system_v {
;     const0 = 0x00ff00ff00ff00ff00ff00ff00ff00ff
;     const1 = 0x00000000000000000000000000000000
;
; block0(v0: i8x16):
;     v1 = vconst.i8x16 const0
;     v2 = vconst.i8x16 const1
;     v3 = bitselect v1, v0, v2  ; v1 = const0, v2 = const1
;     return v3
; }
