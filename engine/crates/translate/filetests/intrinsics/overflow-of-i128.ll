; Cranelift has no such instructions for 128 bits.

define i1 @unsigned_sum(i128 %a, i128 %b) {
  %1 = call { i128, i1 } @llvm.uadd.with.overflow.i128(i128 %a, i128 %b)
  %2 = extractvalue { i128, i1 } %1, 1
  ret i1 %2
}
; function %unsigned_sum(i128, i128) -> i8 system_v {
; block0(v0: i128, v1: i128):
;     v2 = iadd v0, v1
;     v3 = icmp ult v2, v0
;     return v3
; }

define i1 @signed_difference(i128 %a, i128 %b) {
  %1 = call { i128, i1 } @llvm.ssub.with.overflow.i128(i128 %a, i128 %b)
  %2 = extractvalue { i128, i1 } %1, 1
  ret i1 %2
}
; function %signed_difference(i128, i128) -> i8 system_v {
; block0(v0: i128, v1: i128):
;     v2 = isub v0, v1
;     v3 = bxor v2, v0
;     v4 = bxor v0, v1
;     v5 = band v3, v4
;     v6 = iconst.i64 0
;     v7 = iconst.i64 0
;     v8 = iconcat v6, v7  ; v6 = 0, v7 = 0
;     v9 = icmp slt v5, v8
;     return v9
; }

define i1 @unsigned_product(i128 %a, i128 %b) {
  %1 = call { i128, i1 } @llvm.umul.with.overflow.i128(i128 %a, i128 %b)
  %2 = extractvalue { i128, i1 } %1, 1
  ret i1 %2
}
; function %unsigned_product(i128, i128) -> i8 system_v {
; block0(v0: i128, v1: i128):
;     v2, v3 = isplit v0
;     v4, v5 = isplit v1
;     v6 = imul v2, v4
;     v7 = umulhi v2, v4
;     v8 = imul v3, v4
;     v9 = umulhi v3, v4
;     v10 = imul v5, v2
;     v11 = umulhi v5, v2
;     v12 = iadd v8, v10
;     v13 = iadd v12, v7
;     v14 = iconst.i64 0
;     v15 = icmp ne v3, v14  ; v14 = 0
;     v16 = icmp ne v5, v14  ; v14 = 0
;     v17 = band v15, v16
;     v18 = bor v9, v11
;     v19 = icmp ne v18, v14  ; v14 = 0
;     v20 = icmp ult v13, v7
;     v21 = bor v17, v19
;     v22 = bor v21, v20
;     v23 = iconcat v6, v13
;     return v22
; }

define i1 @signed_product(i128 %a, i128 %b) {
  %1 = call { i128, i1 } @llvm.smul.with.overflow.i128(i128 %a, i128 %b)
  %2 = extractvalue { i128, i1 } %1, 1
  ret i1 %2
}
; function %signed_product(i128, i128) -> i8 system_v {
; block0(v0: i128, v1: i128):
;     v2 = iconst.i64 0
;     v3 = iconst.i64 0
;     v4 = iconcat v2, v3  ; v2 = 0, v3 = 0
;     v5 = icmp slt v0, v4
;     v6 = iconst.i64 0
;     v7 = iconst.i64 0
;     v8 = iconcat v6, v7  ; v6 = 0, v7 = 0
;     v9 = icmp slt v1, v8
;     v10 = ineg v0
;     v11 = ineg v1
;     v12 = select v5, v10, v0
;     v13 = select v9, v11, v1
;     v14, v15 = isplit v12
;     v16, v17 = isplit v13
;     v18 = imul v14, v16
;     v19 = umulhi v14, v16
;     v20 = imul v15, v16
;     v21 = umulhi v15, v16
;     v22 = imul v17, v14
;     v23 = umulhi v17, v14
;     v24 = iadd v20, v22
;     v25 = iadd v24, v19
;     v26 = iconst.i64 0
;     v27 = icmp ne v15, v26  ; v26 = 0
;     v28 = icmp ne v17, v26  ; v26 = 0
;     v29 = band v27, v28
;     v30 = bor v21, v23
;     v31 = icmp ne v30, v26  ; v26 = 0
;     v32 = icmp ult v25, v19
;     v33 = bor v29, v31
;     v34 = bor v33, v32
;     v35 = iconcat v18, v25
;     v36 = bxor v5, v9
;     v37 = ineg v35
;     v38 = select v36, v37, v35
;     v39 = iconst.i64 0
;     v40 = iconst.i64 -9223372036854775808
;     v41 = iconcat v39, v40  ; v39 = 0, v40 = -9223372036854775808
;     v42 = icmp ugt v35, v41
;     v43 = icmp uge v35, v41
;     v44 = select v36, v42, v43
;     v45 = bor v34, v44
;     return v45
; }

declare { i128, i1 } @llvm.uadd.with.overflow.i128(i128, i128)
declare { i128, i1 } @llvm.ssub.with.overflow.i128(i128, i128)
declare { i128, i1 } @llvm.umul.with.overflow.i128(i128, i128)
declare { i128, i1 } @llvm.smul.with.overflow.i128(i128, i128)
