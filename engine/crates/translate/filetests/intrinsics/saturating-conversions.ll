; Floats to integers, with the nearest limit for what is out of range, and 0 for NaN.

define i32 @signed(double %a) {
  %1 = call i32 @llvm.fptosi.sat.i32.f64(double %a)
  ret i32 %1
}
; function %signed(f64) -> i32 system_v {
; block0(v0: f64):
;     v1 = fcvt_to_sint_sat.i32 v0
;     return v1
; }

define i8 @unsigned(float %a) {
  %1 = call i8 @llvm.fptoui.sat.i8.f32(float %a)
  ret i8 %1
}
; function %unsigned(f32) -> i8 system_v {
; block0(v0: f32):
;     v1 = fcvt_to_sint_sat.i32 v0
;     v2 = iconst.i32 0
;     v3 = iconst.i32 255
;     v4 = icmp slt v1, v2  ; v2 = 0
;     v5 = select v4, v2, v1  ; v2 = 0
;     v6 = icmp sgt v5, v3  ; v3 = 255
;     v7 = select v6, v3, v5  ; v3 = 255
;     v8 = ireduce.i8 v7
;     return v8
; }

define i64 @unsigned_64(float %a) {
  %1 = call i64 @llvm.fptoui.sat.i64.f32(float %a)
  ret i64 %1
}
; function %unsigned_64(f32) -> i64 system_v {
; block0(v0: f32):
;     v1 = fcvt_to_uint_sat.i64 v0
;     return v1
; }

define i128 @wide(double %a) {
  %1 = call i128 @llvm.fptoui.sat.i128.f64(double %a)
  ret i128 %1
}
; function %wide(f64) -> i128 system_v {
;     sig0 = (f64) -> i128 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is __fixunsdfti of the run-time library
;
; block0(v0: f64):
;     v1 = call fn0(v0)
;     return v1
; }

define void @odd_widths(ptr %out, double %a) {
  %1 = call i100 @llvm.fptoui.sat.i100.f64(double %a)
  store i100 %1, ptr %out
  %2 = call i100 @llvm.fptosi.sat.i100.f64(double %a)
  store i100 %2, ptr %out
  ret void
}
; function %odd_widths(i64, f64) system_v {
;     sig0 = (f64) -> i128 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is __fixdfti of the run-time library
;
; block0(v0: i64, v1: f64):
;     v2 = call fn0(v1)
;     v3 = iconst.i64 0
;     v4 = iconst.i64 0
;     v5 = iconcat v3, v4  ; v3 = 0, v4 = 0
;     v6 = iconst.i64 -1
;     v7 = iconst.i64 0x000f_ffff_ffff
;     v8 = iconcat v6, v7  ; v6 = -1, v7 = 0x000f_ffff_ffff
;     v9 = icmp slt v2, v5
;     v10 = select v9, v5, v2
;     v11 = icmp sgt v10, v8
;     v12 = select v11, v8, v10
;     v13 = iconst.i64 -1
;     v14 = iconst.i64 0x000f_ffff_ffff
;     v15 = iconcat v13, v14  ; v13 = -1, v14 = 0x000f_ffff_ffff
;     v16 = band v12, v15
;     v17 = ireduce.i64 v16
;     store notrap aligned v17, v0
;     v18 = iconst.i64 64
;     v19 = uextend.i128 v18  ; v18 = 64
;     v20 = ushr v16, v19
;     v21 = ireduce.i32 v20
;     store notrap aligned v21, v0+8
;     v22 = iconst.i64 96
;     v23 = uextend.i128 v22  ; v22 = 96
;     v24 = ushr v16, v23
;     v25 = ireduce.i8 v24
;     store notrap aligned v25, v0+12
;     v26 = call fn0(v1)
;     v27 = iconst.i64 0
;     v28 = iconst.i64 -34359738368
;     v29 = iconcat v27, v28  ; v27 = 0, v28 = -34359738368
;     v30 = iconst.i64 -1
;     v31 = iconst.i64 0x0007_ffff_ffff
;     v32 = iconcat v30, v31  ; v30 = -1, v31 = 0x0007_ffff_ffff
;     v33 = icmp slt v26, v29
;     v34 = select v33, v29, v26
;     v35 = icmp sgt v34, v32
;     v36 = select v35, v32, v34
;     v37 = iconst.i64 -1
;     v38 = iconst.i64 0x000f_ffff_ffff
;     v39 = iconcat v37, v38  ; v37 = -1, v38 = 0x000f_ffff_ffff
;     v40 = band v36, v39
;     v41 = ireduce.i64 v40
;     store notrap aligned v41, v0
;     v42 = iconst.i64 64
;     v43 = uextend.i128 v42  ; v42 = 64
;     v44 = ushr v40, v43
;     v45 = ireduce.i32 v44
;     store notrap aligned v45, v0+8
;     v46 = iconst.i64 96
;     v47 = uextend.i128 v46  ; v46 = 96
;     v48 = ushr v40, v47
;     v49 = ireduce.i8 v48
;     store notrap aligned v49, v0+12
;     return
; }

define <4 x i32> @lanes(<4 x float> %a) {
  %1 = call <4 x i32> @llvm.fptosi.sat.v4i32.v4f32(<4 x float> %a)
  ret <4 x i32> %1
}
; function %lanes(f32x4) -> i32x4 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: f32x4):
;     v1 = extractlane v0, 0
;     v2 = extractlane v0, 1
;     v3 = extractlane v0, 2
;     v4 = extractlane v0, 3
;     v5 = fcvt_to_sint_sat.i32 v1
;     v6 = fcvt_to_sint_sat.i32 v2
;     v7 = fcvt_to_sint_sat.i32 v3
;     v8 = fcvt_to_sint_sat.i32 v4
;     v9 = stack_addr.i64 ss0
;     store notrap v5, v9
;     v10 = stack_addr.i64 ss0+4
;     store notrap v6, v10
;     v11 = stack_addr.i64 ss0+8
;     store notrap v7, v11
;     v12 = stack_addr.i64 ss0+12
;     store notrap v8, v12
;     v13 = stack_addr.i64 ss0
;     v14 = load.i32x4 notrap v13
;     return v14
; }

declare i32 @llvm.fptosi.sat.i32.f64(double)
declare i8 @llvm.fptoui.sat.i8.f32(float)
declare i64 @llvm.fptoui.sat.i64.f32(float)
declare i128 @llvm.fptoui.sat.i128.f64(double)
declare i100 @llvm.fptoui.sat.i100.f64(double)
declare i100 @llvm.fptosi.sat.i100.f64(double)
declare <4 x i32> @llvm.fptosi.sat.v4i32.v4f32(<4 x float>)
