; What SSE2 lacks is libm's.

define float @rounding(float %a) {
  %1 = call float @llvm.floor.f32(float %a)
  %2 = call float @llvm.ceil.f32(float %1)
  %3 = call float @llvm.trunc.f32(float %2)
  %4 = call float @llvm.rint.f32(float %3)
  %5 = call float @llvm.nearbyint.f32(float %4)
  %6 = call float @llvm.round.f32(float %5)
  %7 = call float @llvm.roundeven.f32(float %6)
  ret float %7
}
; function %rounding(f32) -> f32 system_v {
;     sig0 = (f32) -> f32 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is floorf of the run-time library
;     fn1 = colocated u2:1 sig0 ; u2:1 is ceilf of the run-time library
;     fn2 = colocated u2:2 sig0 ; u2:2 is truncf of the run-time library
;     fn3 = colocated u2:3 sig0 ; u2:3 is rintf of the run-time library
;     fn4 = colocated u2:4 sig0 ; u2:4 is nearbyintf of the run-time library
;     fn5 = colocated u2:5 sig0 ; u2:5 is roundf of the run-time library
;     fn6 = colocated u2:6 sig0 ; u2:6 is roundevenf of the run-time library
;
; block0(v0: f32):
;     v1 = call fn0(v0)
;     v2 = call fn1(v1)
;     v3 = call fn2(v2)
;     v4 = call fn3(v3)
;     v5 = call fn4(v4)
;     v6 = call fn5(v5)
;     v7 = call fn6(v6)
;     return v7
; }

define double @functions(double %a, i32 %n) {
  %1 = call double @llvm.fma.f64(double %a, double %a, double %a)
  %2 = call double @llvm.pow.f64(double %1, double %a)
  %3 = call double @llvm.powi.f64.i32(double %2, i32 %n)
  %4 = call double @llvm.exp.f64(double %3)
  %5 = call double @llvm.exp2.f64(double %4)
  %6 = call double @llvm.log.f64(double %5)
  %7 = call double @llvm.log2.f64(double %6)
  %8 = call double @llvm.log10.f64(double %7)
  %9 = call double @llvm.sin.f64(double %8)
  %10 = call double @llvm.cos.f64(double %9)
  %11 = call double @llvm.tan.f64(double %10)
  ret double %11
}
; function %functions(f64, i32) -> f64 system_v {
;     sig0 = (f64, f64, f64) -> f64 system_v
;     sig1 = (f64, f64) -> f64 system_v
;     sig2 = (f64, i32) -> f64 system_v
;     sig3 = (f64) -> f64 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is fma of the run-time library
;     fn1 = colocated u2:1 sig1 ; u2:1 is pow of the run-time library
;     fn2 = colocated u2:2 sig2 ; u2:2 is __powidf2 of the run-time library
;     fn3 = colocated u2:3 sig3 ; u2:3 is exp of the run-time library
;     fn4 = colocated u2:4 sig3 ; u2:4 is exp2 of the run-time library
;     fn5 = colocated u2:5 sig3 ; u2:5 is log of the run-time library
;     fn6 = colocated u2:6 sig3 ; u2:6 is log2 of the run-time library
;     fn7 = colocated u2:7 sig3 ; u2:7 is log10 of the run-time library
;     fn8 = colocated u2:8 sig3 ; u2:8 is sin of the run-time library
;     fn9 = colocated u2:9 sig3 ; u2:9 is cos of the run-time library
;     fn10 = colocated u2:10 sig3 ; u2:10 is tan of the run-time library
;
; block0(v0: f64, v1: i32):
;     v2 = call fn0(v0, v0, v0)
;     v3 = call fn1(v2, v0)
;     v4 = call fn2(v3, v1)
;     v5 = call fn3(v4)
;     v6 = call fn4(v5)
;     v7 = call fn5(v6)
;     v8 = call fn6(v7)
;     v9 = call fn7(v8)
;     v10 = call fn8(v9)
;     v11 = call fn9(v10)
;     v12 = call fn10(v11)
;     return v12
; }

declare float @llvm.floor.f32(float)
declare float @llvm.ceil.f32(float)
declare float @llvm.trunc.f32(float)
declare float @llvm.rint.f32(float)
declare float @llvm.nearbyint.f32(float)
declare float @llvm.round.f32(float)
declare float @llvm.roundeven.f32(float)
declare double @llvm.fma.f64(double, double, double)
declare double @llvm.pow.f64(double, double)
declare double @llvm.powi.f64.i32(double, i32)
declare double @llvm.exp.f64(double)
declare double @llvm.exp2.f64(double)
declare double @llvm.log.f64(double)
declare double @llvm.log2.f64(double)
declare double @llvm.log10.f64(double)
declare double @llvm.sin.f64(double)
declare double @llvm.cos.f64(double)
declare double @llvm.tan.f64(double)
