; By a mask of lanes, or all of a vector by one bit.

define <4 x float> @by_mask(<4 x i32> %a, <4 x i32> %b, <4 x float> %x, <4 x float> %y) {
  %mask = icmp slt <4 x i32> %a, %b
  %picked = select <4 x i1> %mask, <4 x float> %x, <4 x float> %y
  ret <4 x float> %picked
}
; function %by_mask(i32x4, i32x4, f32x4, f32x4) -> f32x4 system_v {
; block0(v0: i32x4, v1: i32x4, v2: f32x4, v3: f32x4):
;     v4 = icmp slt v0, v1
;     v5 = bitcast.f32x4 little v4
;     v6 = bitselect v5, v2, v3
;     return v6
; }

define <2 x i64> @by_bit(i1 %which, <2 x i64> %a, <2 x i64> %b) {
  %picked = select i1 %which, <2 x i64> %a, <2 x i64> %b
  ret <2 x i64> %picked
}
; function %by_bit(i8, i64x2, i64x2) -> i64x2 system_v {
; block0(v0: i8, v1: i64x2, v2: i64x2):
;     v3 = iconst.i8 1
;     v4 = band v0, v3  ; v3 = 1
;     v5 = select v4, v1, v2
;     return v5
; }

define void @lanes(ptr %out, ptr %mask, <2 x i64> %a) {
  %bits = load <4 x i1>, ptr %mask
  %wide = shufflevector <2 x i64> %a, <2 x i64> poison, <4 x i32> <i32 0, i32 1, i32 1, i32 0>
  %picked = select <4 x i1> %bits, <4 x i64> %wide, <4 x i64> zeroinitializer
  store <4 x i64> %picked, ptr %out
  ret void
}
; function %lanes(i64, i64, i64x2) system_v {
;     ss0 = explicit_slot 16, align = 16
;     ss1 = explicit_slot 16, align = 16
;     ss2 = explicit_slot 16, align = 16
;     ss3 = explicit_slot 16, align = 16
;     ss4 = explicit_slot 16, align = 16
;     const0 = 0x00000000000000000000000000000000
;
; block0(v0: i64, v1: i64, v2: i64x2):
;     v3 = load.i8 notrap aligned v1
;     v4 = iconst.i8 15
;     v5 = band v3, v4  ; v4 = 15
;     v6 = iconst.i8 0
;     v7 = ushr v5, v6  ; v6 = 0
;     v8 = iconst.i8 1
;     v9 = band v7, v8  ; v8 = 1
;     v10 = iconst.i8 1
;     v11 = ushr v5, v10  ; v10 = 1
;     v12 = iconst.i8 1
;     v13 = band v11, v12  ; v12 = 1
;     v14 = iconst.i8 2
;     v15 = ushr v5, v14  ; v14 = 2
;     v16 = iconst.i8 1
;     v17 = band v15, v16  ; v16 = 1
;     v18 = iconst.i8 3
;     v19 = ushr v5, v18  ; v18 = 3
;     v20 = iconst.i8 1
;     v21 = band v19, v20  ; v20 = 1
;     v22 = uextend.i32 v9
;     v23 = ineg v22
;     v24 = stack_addr.i64 ss0
;     store notrap v23, v24
;     v25 = uextend.i32 v13
;     v26 = ineg v25
;     v27 = stack_addr.i64 ss0+4
;     store notrap v26, v27
;     v28 = uextend.i32 v17
;     v29 = ineg v28
;     v30 = stack_addr.i64 ss0+8
;     store notrap v29, v30
;     v31 = uextend.i32 v21
;     v32 = ineg v31
;     v33 = stack_addr.i64 ss0+12
;     store notrap v32, v33
;     v34 = stack_addr.i64 ss0
;     v35 = load.i32x4 notrap v34
;     v36 = extractlane v2, 0
;     v37 = extractlane v2, 1
;     v38 = iconst.i64 0
;     v39 = stack_addr.i64 ss1
;     store notrap v36, v39
;     v40 = stack_addr.i64 ss1+8
;     store notrap v37, v40
;     v41 = stack_addr.i64 ss1
;     v42 = load.i64x2 notrap v41
;     v43 = stack_addr.i64 ss2
;     store notrap v37, v43
;     v44 = stack_addr.i64 ss2+8
;     store notrap v36, v44
;     v45 = stack_addr.i64 ss2
;     v46 = load.i64x2 notrap v45
;     v47 = vconst.i64x2 const0
;     v48 = vconst.i64x2 const0
;     v49 = extractlane v35, 0
;     v50 = ireduce.i8 v49
;     v51 = iconst.i8 1
;     v52 = band v50, v51  ; v51 = 1
;     v53 = extractlane v35, 1
;     v54 = ireduce.i8 v53
;     v55 = iconst.i8 1
;     v56 = band v54, v55  ; v55 = 1
;     v57 = extractlane v35, 2
;     v58 = ireduce.i8 v57
;     v59 = iconst.i8 1
;     v60 = band v58, v59  ; v59 = 1
;     v61 = extractlane v35, 3
;     v62 = ireduce.i8 v61
;     v63 = iconst.i8 1
;     v64 = band v62, v63  ; v63 = 1
;     v65 = extractlane v42, 0
;     v66 = extractlane v42, 1
;     v67 = extractlane v46, 0
;     v68 = extractlane v46, 1
;     v69 = extractlane v47, 0  ; v47 = const0
;     v70 = extractlane v47, 1  ; v47 = const0
;     v71 = extractlane v48, 0  ; v48 = const0
;     v72 = extractlane v48, 1  ; v48 = const0
;     v73 = select v52, v65, v69
;     v74 = select v56, v66, v70
;     v75 = select v60, v67, v71
;     v76 = select v64, v68, v72
;     v77 = stack_addr.i64 ss3
;     store notrap v73, v77
;     v78 = stack_addr.i64 ss3+8
;     store notrap v74, v78
;     v79 = stack_addr.i64 ss3
;     v80 = load.i64x2 notrap v79
;     v81 = stack_addr.i64 ss4
;     store notrap v75, v81
;     v82 = stack_addr.i64 ss4+8
;     store notrap v76, v82
;     v83 = stack_addr.i64 ss4
;     v84 = load.i64x2 notrap v83
;     store notrap aligned v80, v0
;     store notrap aligned v84, v0+16
;     return
; }
