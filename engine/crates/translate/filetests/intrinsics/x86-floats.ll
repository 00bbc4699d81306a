; Minima, comparisons, conversions and rounding as x86 defines them.

define <2 x double> @minimum(<2 x double> %a, <2 x double> %b) {
  %1 = call <2 x double> @llvm.x86.sse2.min.pd(<2 x double> %a, <2 x double> %b)
  %2 = call <2 x double> @llvm.x86.sse2.max.sd(<2 x double> %1, <2 x double> %b)
  ret <2 x double> %2
}
; function %minimum(f64x2, f64x2) -> f64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;     ss1 = explicit_slot 16, align = 16
;
; block0(v0: f64x2, v1: f64x2):
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v1, 0
;     v5 = extractlane v1, 1
;     v6 = fcmp lt v2, v4
;     v7 = select v6, v2, v4
;     v8 = fcmp lt v3, v5
;     v9 = select v8, v3, v5
;     v10 = stack_addr.i64 ss0
;     store notrap v7, v10
;     v11 = stack_addr.i64 ss0+8
;     store notrap v9, v11
;     v12 = stack_addr.i64 ss0
;     v13 = load.f64x2 notrap v12
;     v14 = extractlane v13, 0
;     v15 = extractlane v13, 1
;     v16 = extractlane v1, 0
;     v17 = extractlane v1, 1
;     v18 = fcmp gt v14, v16
;     v19 = select v18, v14, v16
;     v20 = stack_addr.i64 ss1
;     store notrap v19, v20
;     v21 = stack_addr.i64 ss1+8
;     store notrap v15, v21
;     v22 = stack_addr.i64 ss1
;     v23 = load.f64x2 notrap v22
;     return v23
; }

define <2 x double> @compare(<2 x double> %a, <2 x double> %b) {
  %1 = call <2 x double> @llvm.x86.sse2.cmp.pd(<2 x double> %a, <2 x double> %b, i8 5)
  ret <2 x double> %1
}
; function %compare(f64x2, f64x2) -> f64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: f64x2, v1: f64x2):
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v1, 0
;     v5 = extractlane v1, 1
;     v6 = fcmp uge v2, v4
;     v7 = uextend.i64 v6
;     v8 = ineg v7
;     v9 = bitcast.f64 v8
;     v10 = fcmp uge v3, v5
;     v11 = uextend.i64 v10
;     v12 = ineg v11
;     v13 = bitcast.f64 v12
;     v14 = stack_addr.i64 ss0
;     store notrap v9, v14
;     v15 = stack_addr.i64 ss0+8
;     store notrap v13, v15
;     v16 = stack_addr.i64 ss0
;     v17 = load.f64x2 notrap v16
;     return v17
; }

define i32 @compare_to_flags(<4 x float> %a, <4 x float> %b) {
  %1 = call i32 @llvm.x86.sse.ucomige.ss(<4 x float> %a, <4 x float> %b)
  ret i32 %1
}
; function %compare_to_flags(f32x4, f32x4) -> i32 system_v {
; block0(v0: f32x4, v1: f32x4):
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v0, 2
;     v5 = extractlane v0, 3
;     v6 = extractlane v1, 0
;     v7 = extractlane v1, 1
;     v8 = extractlane v1, 2
;     v9 = extractlane v1, 3
;     v10 = fcmp ge v2, v6
;     v11 = uextend.i32 v10
;     return v11
; }

define i32 @to_integer(<4 x float> %a) {
  %1 = call i32 @llvm.x86.sse.cvtss2si(<4 x float> %a)
  ret i32 %1
}
; function %to_integer(f32x4) -> i32 system_v {
; block0(v0: f32x4):
;     v1 = extractlane v0, 0
;     v2 = extractlane v0, 1
;     v3 = extractlane v0, 2
;     v4 = extractlane v0, 3
;     v5 = nearest v1
;     v6 = iconst.i32 -2147483648
;     v7 = f32const 0x1.000000p31
;     v8 = fcmp lt v5, v7  ; v7 = 0x1.000000p31
;     v9 = fcvt_to_sint_sat.i32 v5
;     v10 = select v8, v9, v6  ; v6 = -2147483648
;     return v10
; }

define <4 x i32> @to_integers(<2 x double> %a) {
  %1 = call <4 x i32> @llvm.x86.sse2.cvttpd2dq(<2 x double> %a)
  ret <4 x i32> %1
}
; function %to_integers(f64x2) -> i32x4 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: f64x2):
;     v1 = extractlane v0, 0
;     v2 = extractlane v0, 1
;     v3 = iconst.i32 -2147483648
;     v4 = f64const 0x1.0000000000000p31
;     v5 = fcmp lt v1, v4  ; v4 = 0x1.0000000000000p31
;     v6 = fcvt_to_sint_sat.i32 v1
;     v7 = select v5, v6, v3  ; v3 = -2147483648
;     v8 = iconst.i32 -2147483648
;     v9 = f64const 0x1.0000000000000p31
;     v10 = fcmp lt v2, v9  ; v9 = 0x1.0000000000000p31
;     v11 = fcvt_to_sint_sat.i32 v2
;     v12 = select v10, v11, v8  ; v8 = -2147483648
;     v13 = iconst.i32 0
;     v14 = iconst.i32 0
;     v15 = stack_addr.i64 ss0
;     store notrap v7, v15
;     v16 = stack_addr.i64 ss0+4
;     store notrap v12, v16
;     v17 = stack_addr.i64 ss0+8
;     store notrap v13, v17  ; v13 = 0
;     v18 = stack_addr.i64 ss0+12
;     store notrap v14, v18  ; v14 = 0
;     v19 = stack_addr.i64 ss0
;     v20 = load.i32x4 notrap v19
;     return v20
; }

define <2 x double> @round_up(<2 x double> %a) {
  %1 = call <2 x double> @llvm.x86.sse41.round.pd(<2 x double> %a, i32 10)
  ret <2 x double> %1
}
; function %round_up(f64x2) -> f64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: f64x2):
;     v1 = extractlane v0, 0
;     v2 = extractlane v0, 1
;     v3 = ceil v1
;     v4 = ceil v2
;     v5 = stack_addr.i64 ss0
;     store notrap v3, v5
;     v6 = stack_addr.i64 ss0+8
;     store notrap v4, v6
;     v7 = stack_addr.i64 ss0
;     v8 = load.f64x2 notrap v7
;     return v8
; }

define <4 x float> @approximate(<4 x float> %a) {
  %1 = call <4 x float> @llvm.x86.sse.rcp.ps(<4 x float> %a)
  ret <4 x float> %1
}
; unsupported: intrinsic llvm.x86.sse.rcp.ps

declare <2 x double> @llvm.x86.sse2.min.pd(<2 x double>, <2 x double>)
declare <2 x double> @llvm.x86.sse2.max.sd(<2 x double>, <2 x double>)
declare <2 x double> @llvm.x86.sse2.cmp.pd(<2 x double>, <2 x double>, i8 immarg)
declare i32 @llvm.x86.sse.ucomige.ss(<4 x float>, <4 x float>)
declare i32 @llvm.x86.sse.cvtss2si(<4 x float>)
declare <4 x i32> @llvm.x86.sse2.cvttpd2dq(<2 x double>)
declare <2 x double> @llvm.x86.sse41.round.pd(<2 x double>, i32 immarg)
declare <4 x float> @llvm.x86.sse.rcp.ps(<4 x float>)
