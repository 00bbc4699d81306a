; Between the two floating point types.

define double @up(float %a) {
  %wide = fpext float %a to double
  ret double %wide
}
; function %up(f32) -> f64 system_v {
; block0(v0: f32):
;     v1 = fpromote.f64 v0
;     return v1
; }

define float @down(double %a) {
  %narrow = fptrunc double %a to float
  ret float %narrow
}
; function %down(f64) -> f32 system_v {
; block0(v0: f64):
;     v1 = fdemote.f32 v0
;     return v1
; }
