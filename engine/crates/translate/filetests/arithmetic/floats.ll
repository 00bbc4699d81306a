; Floating point arithmetic.

define float @single(float %a, float %b) {
  %sum = fadd float %a, %b
  %difference = fsub float %sum, 1.5
  %product = fmul float %difference, %b
  %quotient = fdiv float %product, %a
  %negative = fneg float %quotient
  ret float %negative
}
; function %single(f32, f32) -> f32 system_v {
; block0(v0: f32, v1: f32):
;     v2 = fadd v0, v1
;     v3 = f32const 0x1.800000p0
;     v4 = fsub v2, v3  ; v3 = 0x1.800000p0
;     v5 = fmul v4, v1
;     v6 = fdiv v5, v0
;     v7 = fneg v6
;     return v7
; }

define double @double(double %a, double %b) {
  %sum = fadd fast double %a, %b
  %product = fmul double %sum, 0x7FF8000000000001
  ret double %product
}
; function %double(f64, f64) -> f64 system_v {
; block0(v0: f64, v1: f64):
;     v2 = fadd v0, v1
;     v3 = f64const +NaN:0x1
;     v4 = fmul v2, v3  ; v3 = +NaN:0x1
;     return v4
; }

define double @remainder(double %a, double %b, float %c) {
  %wide = frem double %a, %b
  %narrow = frem float %c, 2.0
  %extended = fpext float %narrow to double
  %sum = fadd double %wide, %extended
  ret double %sum
}
; function %remainder(f64, f64, f32) -> f64 system_v {
;     sig0 = (f64, f64) -> f64 system_v
;     sig1 = (f32, f32) -> f32 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is fmod of the run-time library
;     fn1 = colocated u2:1 sig1 ; u2:1 is fmodf of the run-time library
;
; block0(v0: f64, v1: f64, v2: f32):
;     v3 = call fn0(v0, v1)
;     v4 = f32const 0x1.000000p1
;     v5 = call fn1(v2, v4)  ; v4 = 0x1.000000p1
;     v6 = fpromote.f64 v5
;     v7 = fadd v3, v6
;     return v7
; }
