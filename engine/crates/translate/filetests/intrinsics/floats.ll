; What SSE2 does itself.

define double @native(double %a, double %b) {
  %1 = call double @llvm.fabs.f64(double %a)
  %2 = call double @llvm.sqrt.f64(double %1)
  %3 = call double @llvm.copysign.f64(double %2, double %b)
  %4 = call double @llvm.fmuladd.f64(double %3, double %a, double %b)
  %5 = call double @llvm.canonicalize.f64(double %4)
  ret double %5
}
; function %native(f64, f64) -> f64 system_v {
; block0(v0: f64, v1: f64):
;     v2 = fabs v0
;     v3 = sqrt v2
;     v4 = fcopysign v3, v1
;     v5 = fmul v4, v0
;     v6 = fadd v5, v1
;     v7 = f64const 0x1.0000000000000p0
;     v8 = fmul v6, v7  ; v7 = 0x1.0000000000000p0
;     return v8
; }

define <2 x double> @lanes(<2 x double> %a) {
  %1 = call <2 x double> @llvm.fabs.v2f64(<2 x double> %a)
  ret <2 x double> %1
}
; function %lanes(f64x2) -> f64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: f64x2):
;     v1 = extractlane v0, 0
;     v2 = extractlane v0, 1
;     v3 = fabs v1
;     v4 = fabs v2
;     v5 = stack_addr.i64 ss0
;     store notrap v3, v5
;     v6 = stack_addr.i64 ss0+8
;     store notrap v4, v6
;     v7 = stack_addr.i64 ss0
;     v8 = load.f64x2 notrap v7
;     return v8
; }

declare double @llvm.fabs.f64(double)
declare double @llvm.sqrt.f64(double)
declare double @llvm.copysign.f64(double, double)
declare double @llvm.fmuladd.f64(double, double, double)
declare double @llvm.canonicalize.f64(double)
declare <2 x double> @llvm.fabs.v2f64(<2 x double>)
