; All lanes to one value, in order.

define i32 @integers(<4 x i32> %a) {
  %1 = call i32 @llvm.vector.reduce.add.v4i32(<4 x i32> %a)
  %2 = call i32 @llvm.vector.reduce.xor.v4i32(<4 x i32> %a)
  %3 = call i32 @llvm.vector.reduce.smax.v4i32(<4 x i32> %a)
  %4 = add i32 %1, %2
  %5 = add i32 %4, %3
  ret i32 %5
}
; function %integers(i32x4) -> i32 system_v {
; block0(v0: i32x4):
;     v1 = extractlane v0, 0
;     v2 = extractlane v0, 1
;     v3 = extractlane v0, 2
;     v4 = extractlane v0, 3
;     v5 = iadd v1, v2
;     v6 = iadd v5, v3
;     v7 = iadd v6, v4
;     v8 = extractlane v0, 0
;     v9 = extractlane v0, 1
;     v10 = extractlane v0, 2
;     v11 = extractlane v0, 3
;     v12 = bxor v8, v9
;     v13 = bxor v12, v10
;     v14 = bxor v13, v11
;     v15 = extractlane v0, 0
;     v16 = extractlane v0, 1
;     v17 = extractlane v0, 2
;     v18 = extractlane v0, 3
;     v19 = icmp sgt v15, v16
;     v20 = select v19, v15, v16
;     v21 = icmp sgt v20, v17
;     v22 = select v21, v20, v17
;     v23 = icmp sgt v22, v18
;     v24 = select v23, v22, v18
;     v25 = iadd v7, v14
;     v26 = iadd v25, v24
;     return v26
; }

define double @floats(double %start, <2 x double> %a) {
  %1 = call double @llvm.vector.reduce.fadd.v2f64(double %start, <2 x double> %a)
  ret double %1
}
; function %floats(f64, f64x2) -> f64 system_v {
; block0(v0: f64, v1: f64x2):
;     v2 = extractlane v1, 0
;     v3 = extractlane v1, 1
;     v4 = fadd v0, v2
;     v5 = fadd v4, v3
;     return v5
; }

define i1 @any(<4 x i32> %a, <4 x i32> %b) {
  %mask = icmp eq <4 x i32> %a, %b
  %1 = call i1 @llvm.vector.reduce.or.v4i1(<4 x i1> %mask)
  ret i1 %1
}
; function %any(i32x4, i32x4) -> i8 system_v {
; block0(v0: i32x4, v1: i32x4):
;     v2 = icmp eq v0, v1
;     v3 = extractlane v2, 0
;     v4 = ireduce.i8 v3
;     v5 = iconst.i8 1
;     v6 = band v4, v5  ; v5 = 1
;     v7 = extractlane v2, 1
;     v8 = ireduce.i8 v7
;     v9 = iconst.i8 1
;     v10 = band v8, v9  ; v9 = 1
;     v11 = extractlane v2, 2
;     v12 = ireduce.i8 v11
;     v13 = iconst.i8 1
;     v14 = band v12, v13  ; v13 = 1
;     v15 = extractlane v2, 3
;     v16 = ireduce.i8 v15
;     v17 = iconst.i8 1
;     v18 = band v16, v17  ; v17 = 1
;     v19 = bor v6, v10
;     v20 = bor v19, v14
;     v21 = bor v20, v18
;     return v21
; }

declare i32 @llvm.vector.reduce.add.v4i32(<4 x i32>)
declare i32 @llvm.vector.reduce.xor.v4i32(<4 x i32>)
declare i32 @llvm.vector.reduce.smax.v4i32(<4 x i32>)
declare double @llvm.vector.reduce.fadd.v2f64(double, <2 x double>)
declare i1 @llvm.vector.reduce.or.v4i1(<4 x i1>)
