; Saturating sums: the limit instead of what overflows.

define i32 @unsigned(i32 %a, i32 %b) {
  %1 = call i32 @llvm.uadd.sat.i32(i32 %a, i32 %b)
  %2 = call i32 @llvm.usub.sat.i32(i32 %1, i32 %b)
  ret i32 %2
}
; function %unsigned(i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32):
;     v2, v3 = uadd_overflow v0, v1
;     v4 = iconst.i32 -1
;     v5 = select v3, v4, v2  ; v4 = -1
;     v6, v7 = usub_overflow v5, v1
;     v8 = iconst.i32 0
;     v9 = select v7, v8, v6  ; v8 = 0
;     return v9
; }

define i8 @signed(i8 %a, i8 %b) {
  %1 = call i8 @llvm.sadd.sat.i8(i8 %a, i8 %b)
  %2 = call i8 @llvm.ssub.sat.i8(i8 %1, i8 %b)
  ret i8 %2
}
; function %signed(i8, i8) -> i8 system_v {
; block0(v0: i8, v1: i8):
;     v2, v3 = sadd_overflow v0, v1
;     v4 = iconst.i8 -128
;     v5 = iconst.i8 127
;     v6 = iconst.i8 0
;     v7 = icmp slt v0, v6  ; v6 = 0
;     v8 = select v7, v4, v5  ; v4 = -128, v5 = 127
;     v9 = select v3, v8, v2
;     v10, v11 = ssub_overflow v9, v1
;     v12 = iconst.i8 -128
;     v13 = iconst.i8 127
;     v14 = iconst.i8 0
;     v15 = icmp slt v9, v14  ; v14 = 0
;     v16 = select v15, v12, v13  ; v12 = -128, v13 = 127
;     v17 = select v11, v16, v10
;     return v17
; }

define i7 @of_odd_width(i7 %a, i7 %b) {
  %1 = call i7 @llvm.sadd.sat.i7(i7 %a, i7 %b)
  ret i7 %1
}
; function %of_odd_width(i8, i8) -> i8 system_v {
; block0(v0: i8, v1: i8):
;     v2 = iconst.i8 127
;     v3 = band v0, v2  ; v2 = 127
;     v4 = iconst.i8 127
;     v5 = band v1, v4  ; v4 = 127
;     v6 = iconst.i8 1
;     v7 = ishl v3, v6  ; v6 = 1
;     v8 = iconst.i8 1
;     v9 = sshr v7, v8  ; v8 = 1
;     v10 = sextend.i16 v9
;     v11 = iconst.i8 1
;     v12 = ishl v5, v11  ; v11 = 1
;     v13 = iconst.i8 1
;     v14 = sshr v12, v13  ; v13 = 1
;     v15 = sextend.i16 v14
;     v16 = iadd v10, v15
;     v17 = ireduce.i8 v16
;     v18 = iconst.i8 127
;     v19 = band v17, v18  ; v18 = 127
;     v20 = iconst.i8 1
;     v21 = ishl v19, v20  ; v20 = 1
;     v22 = iconst.i8 1
;     v23 = sshr v21, v22  ; v22 = 1
;     v24 = sextend.i16 v23
;     v25 = icmp ne v24, v16
;     v26 = iconst.i8 64
;     v27 = iconst.i8 63
;     v28 = iconst.i8 0
;     v29 = iconst.i8 1
;     v30 = ishl v3, v29  ; v29 = 1
;     v31 = iconst.i8 1
;     v32 = sshr v30, v31  ; v31 = 1
;     v33 = iconst.i8 1
;     v34 = ishl v28, v33  ; v28 = 0, v33 = 1
;     v35 = iconst.i8 1
;     v36 = sshr v34, v35  ; v35 = 1
;     v37 = icmp slt v32, v36
;     v38 = select v37, v26, v27  ; v26 = 64, v27 = 63
;     v39 = select v25, v38, v19
;     return v39
; }

define <2 x i64> @of_lanes(<2 x i64> %a, <2 x i64> %b) {
  %1 = call <2 x i64> @llvm.uadd.sat.v2i64(<2 x i64> %a, <2 x i64> %b)
  ret <2 x i64> %1
}
; function %of_lanes(i64x2, i64x2) -> i64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i64x2, v1: i64x2):
;     v2 = extractlane v0, 0
;     v3 = extractlane v0, 1
;     v4 = extractlane v1, 0
;     v5 = extractlane v1, 1
;     v6, v7 = uadd_overflow v2, v4
;     v8 = iconst.i64 -1
;     v9 = select v7, v8, v6  ; v8 = -1
;     v10, v11 = uadd_overflow v3, v5
;     v12 = iconst.i64 -1
;     v13 = select v11, v12, v10  ; v12 = -1
;     v14 = stack_addr.i64 ss0
;     store notrap v9, v14
;     v15 = stack_addr.i64 ss0+8
;     store notrap v13, v15
;     v16 = stack_addr.i64 ss0
;     v17 = load.i64x2 notrap v16
;     return v17
; }

declare i32 @llvm.uadd.sat.i32(i32, i32)
declare i32 @llvm.usub.sat.i32(i32, i32)
declare i8 @llvm.sadd.sat.i8(i8, i8)
declare i8 @llvm.ssub.sat.i8(i8, i8)
declare i7 @llvm.sadd.sat.i7(i7, i7)
declare <2 x i64> @llvm.uadd.sat.v2i64(<2 x i64>, <2 x i64>)
