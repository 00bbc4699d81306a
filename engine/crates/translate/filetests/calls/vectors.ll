; Vectors of 128 bits are passed in registers.

declare <4 x float> @callee(<4 x float>, <2 x i64>)

define <4 x float> @caller(<4 x float> %a, <2 x i64> %b) {
  %c = call <4 x float> @callee(<4 x float> %a, <2 x i64> %b)
  ret <4 x float> %c
}
; function %caller(f32x4, i64x2) -> f32x4 system_v {
;     sig0 = (f32x4, i64x2) -> f32x4 system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @callee
;
; block0(v0: f32x4, v1: i64x2):
;     v2 = call fn0(v0, v1)
;     return v2
; }
