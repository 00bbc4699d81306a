; In twice the width nothing overflows: the result is compared with itself cut to the width.

define { i24, i1 } @sum(i24 %a, i24 %b) {
  %1 = call { i24, i1 } @llvm.sadd.with.overflow.i24(i24 %a, i24 %b)
  ret { i24, i1 } %1
}
; function %sum(i32, i32) -> i32, i8 system_v {
; block0(v0: i32, v1: i32):
;     v2 = iconst.i32 0x00ff_ffff
;     v3 = band v0, v2  ; v2 = 0x00ff_ffff
;     v4 = iconst.i32 0x00ff_ffff
;     v5 = band v1, v4  ; v4 = 0x00ff_ffff
;     v6 = iconst.i32 8
;     v7 = ishl v3, v6  ; v6 = 8
;     v8 = iconst.i32 8
;     v9 = sshr v7, v8  ; v8 = 8
;     v10 = sextend.i64 v9
;     v11 = iconst.i32 8
;     v12 = ishl v5, v11  ; v11 = 8
;     v13 = iconst.i32 8
;     v14 = sshr v12, v13  ; v13 = 8
;     v15 = sextend.i64 v14
;     v16 = iadd v10, v15
;     v17 = ireduce.i32 v16
;     v18 = iconst.i32 0x00ff_ffff
;     v19 = band v17, v18  ; v18 = 0x00ff_ffff
;     v20 = iconst.i32 8
;     v21 = ishl v19, v20  ; v20 = 8
;     v22 = iconst.i32 8
;     v23 = sshr v21, v22  ; v22 = 8
;     v24 = sextend.i64 v23
;     v25 = icmp ne v24, v16
;     return v19, v25
; }

define { i7, i1 } @product(i7 %a, i7 %b) {
  %1 = call { i7, i1 } @llvm.umul.with.overflow.i7(i7 %a, i7 %b)
  ret { i7, i1 } %1
}
; function %product(i8, i8) -> i8, i8 system_v {
; block0(v0: i8, v1: i8):
;     v2 = iconst.i8 127
;     v3 = band v0, v2  ; v2 = 127
;     v4 = iconst.i8 127
;     v5 = band v1, v4  ; v4 = 127
;     v6 = uextend.i16 v3
;     v7 = uextend.i16 v5
;     v8 = imul v6, v7
;     v9 = ireduce.i8 v8
;     v10 = iconst.i8 127
;     v11 = band v9, v10  ; v10 = 127
;     v12 = uextend.i16 v11
;     v13 = icmp ne v12, v8
;     return v11, v13
; }

define i1 @wide_product(ptr %in) {
  %a = load i80, ptr %in
  %1 = call { i80, i1 } @llvm.umul.with.overflow.i80(i80 %a, i80 %a)
  %2 = extractvalue { i80, i1 } %1, 1
  ret i1 %2
}
; function %wide_product(i64) -> i8 system_v {
; block0(v0: i64):
;     v1 = load.i64 notrap aligned v0
;     v2 = uextend.i128 v1
;     v3 = load.i16 notrap aligned v0+8
;     v4 = uextend.i128 v3
;     v5 = iconst.i64 64
;     v6 = uextend.i128 v5  ; v5 = 64
;     v7 = ishl v4, v6
;     v8 = bor v2, v7
;     v9, v10 = isplit v8
;     v11, v12 = isplit v8
;     v13 = imul v9, v11
;     v14 = umulhi v9, v11
;     v15 = imul v10, v11
;     v16 = umulhi v10, v11
;     v17 = imul v12, v9
;     v18 = umulhi v12, v9
;     v19 = iadd v15, v17
;     v20 = iadd v19, v14
;     v21 = iconst.i64 0
;     v22 = icmp ne v10, v21  ; v21 = 0
;     v23 = icmp ne v12, v21  ; v21 = 0
;     v24 = band v22, v23
;     v25 = bor v16, v18
;     v26 = icmp ne v25, v21  ; v21 = 0
;     v27 = icmp ult v20, v14
;     v28 = bor v24, v26
;     v29 = bor v28, v27
;     v30 = iconcat v13, v20
;     v31 = iconst.i64 -1
;     v32 = iconst.i64 0xffff
;     v33 = iconcat v31, v32  ; v31 = -1, v32 = 0xffff
;     v34 = band v30, v33
;     v35 = icmp ne v34, v30
;     v36 = bor v35, v29
;     return v36
; }

declare { i24, i1 } @llvm.sadd.with.overflow.i24(i24, i24)
declare { i7, i1 } @llvm.umul.with.overflow.i7(i7, i7)
declare { i80, i1 } @llvm.umul.with.overflow.i80(i80, i80)
