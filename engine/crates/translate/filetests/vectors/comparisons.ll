; Comparisons of integers give lane masks; those of floats go lane by lane.

define <4 x i32> @integers(<4 x i32> %a, <4 x i32> %b) {
  %mask = icmp ult <4 x i32> %a, %b
  %wide = sext <4 x i1> %mask to <4 x i32>
  ret <4 x i32> %wide
}
; function %integers(i32x4, i32x4) -> i32x4 system_v {
; block0(v0: i32x4, v1: i32x4):
;     v2 = icmp ult v0, v1
;     return v2
; }

define <4 x i32> @ones(<4 x i32> %a, <4 x i32> %b) {
  %mask = icmp eq <4 x i32> %a, %b
  %wide = zext <4 x i1> %mask to <4 x i32>
  ret <4 x i32> %wide
}
; function %ones(i32x4, i32x4) -> i32x4 system_v {
;     const0 = 0x00000001000000010000000100000001
;
; block0(v0: i32x4, v1: i32x4):
;     v2 = icmp eq v0, v1
;     v3 = vconst.i32x4 const0
;     v4 = band v2, v3  ; v3 = const0
;     return v4
; }

define <2 x i64> @floats(<2 x double> %a, <2 x double> %b) {
  %mask = fcmp olt <2 x double> %a, %b
  %wide = sext <2 x i1> %mask to <2 x i64>
  ret <2 x i64> %wide
}
; function %floats(f64x2, f64x2) -> i64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: f64x2, v1: f64x2):
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v1, 0
;     v5 = extractlane v1, 1
;     v6 = fcmp lt v2, v4
;     v7 = fcmp lt v3, v5
;     v8 = uextend.i64 v6
;     v9 = ineg v8
;     v10 = stack_addr.i64 ss0
;     store notrap v9, v10
;     v11 = uextend.i64 v7
;     v12 = ineg v11
;     v13 = stack_addr.i64 ss0+8
;     store notrap v12, v13
;     v14 = stack_addr.i64 ss0
;     v15 = load.i64x2 notrap v14
;     return v15
; }
