; Three kinds: `minnum` gives the number, `minimum` the NaN, `minimumnum` the number and tells zeros apart.

define float @numbers(float %a, float %b) {
  %1 = call float @llvm.minnum.f32(float %a, float %b)
  %2 = call float @llvm.maxnum.f32(float %1, float %b)
  ret float %2
}
; function %numbers(f32, f32) -> f32 system_v {
; block0(v0: f32, v1: f32):
;     v2 = fcmp lt v1, v0
;     v3 = select v2, v1, v0
;     v4 = fcmp uno v0, v0
;     v5 = select v4, v1, v3
;     v6 = fcmp gt v1, v5
;     v7 = select v6, v1, v5
;     v8 = fcmp uno v5, v5
;     v9 = select v8, v1, v7
;     return v9
; }

define double @nans(double %a, double %b) {
  %1 = call double @llvm.minimum.f64(double %a, double %b)
  %2 = call double @llvm.maximum.f64(double %1, double %b)
  ret double %2
}
; function %nans(f64, f64) -> f64 system_v {
; block0(v0: f64, v1: f64):
;     v2 = fmin v0, v1
;     v3 = fmax v2, v1
;     return v3
; }

define double @numbers_and_zeros(double %a, double %b) {
  %1 = call double @llvm.minimumnum.f64(double %a, double %b)
  %2 = call double @llvm.maximumnum.f64(double %1, double %b)
  ret double %2
}
; function %numbers_and_zeros(f64, f64) -> f64 system_v {
; block0(v0: f64, v1: f64):
;     v2 = fmin v0, v1
;     v3 = fcmp uno v1, v1
;     v4 = select v3, v0, v2
;     v5 = fcmp uno v0, v0
;     v6 = select v5, v1, v4
;     v7 = fmax v6, v1
;     v8 = fcmp uno v1, v1
;     v9 = select v8, v6, v7
;     v10 = fcmp uno v6, v6
;     v11 = select v10, v1, v9
;     return v11
; }

declare float @llvm.minnum.f32(float, float)
declare float @llvm.maxnum.f32(float, float)
declare double @llvm.minimum.f64(double, double)
declare double @llvm.maximum.f64(double, double)
declare double @llvm.minimumnum.f64(double, double)
declare double @llvm.maximumnum.f64(double, double)
