; What SSE2 has for whole registers is one instruction.

define <4 x i32> @integers(<4 x i32> %a, <4 x i32> %b) {
  %1 = add <4 x i32> %a, %b
  %2 = sub <4 x i32> %1, %b
  %3 = and <4 x i32> %2, %a
  %4 = xor <4 x i32> %3, splat (i32 -1)
  ret <4 x i32> %4
}
; function %integers(i32x4, i32x4) -> i32x4 system_v {
;     const0 = 0xffffffffffffffffffffffffffffffff
;
; block0(v0: i32x4, v1: i32x4):
;     v2 = iadd v0, v1
;     v3 = isub v2, v1
;     v4 = band v3, v0
;     v5 = vconst.i32x4 const0
;     v6 = bxor v4, v5  ; v5 = const0
;     return v6
; }

define <8 x i16> @products(<8 x i16> %a, <8 x i16> %b) {
  %1 = mul <8 x i16> %a, %b
  ret <8 x i16> %1
}
; function %products(i16x8, i16x8) -> i16x8 system_v {
; block0(v0: i16x8, v1: i16x8):
;     v2 = imul v0, v1
;     return v2
; }

define <2 x double> @floats(<2 x double> %a, <2 x double> %b) {
  %1 = fadd <2 x double> %a, %b
  %2 = fmul <2 x double> %1, %b
  %3 = fdiv <2 x double> %2, %a
  %4 = fneg <2 x double> %3
  ret <2 x double> %4
}
; function %floats(f64x2, f64x2) -> f64x2 system_v {
; block0(v0: f64x2, v1: f64x2):
;     v2 = fadd v0, v1
;     v3 = fmul v2, v1
;     v4 = fdiv v3, v0
;     v5 = fneg v4
;     return v5
; }
