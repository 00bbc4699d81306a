; Widths between 64 and 128 live in a 128-bit value.

define void @sum(ptr %out, ptr %in) {
  %a = load i80, ptr %in, align 16
  %sum = add i80 %a, 1
  store i80 %sum, ptr %out, align 16
  ret void
}
; function %sum(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i64 notrap aligned v1
;     v3 = uextend.i128 v2
;     v4 = load.i16 notrap aligned v1+8
;     v5 = uextend.i128 v4
;     v6 = iconst.i64 64
;     v7 = uextend.i128 v6  ; v6 = 64
;     v8 = ishl v5, v7
;     v9 = bor v3, v8
;     v10 = iconst.i64 1
;     v11 = iconst.i64 0
;     v12 = iconcat v10, v11  ; v10 = 1, v11 = 0
;     v13 = iadd v9, v12
;     v14 = iconst.i64 -1
;     v15 = iconst.i64 0xffff
;     v16 = iconcat v14, v15  ; v14 = -1, v15 = 0xffff
;     v17 = band v13, v16
;     v18 = ireduce.i64 v17
;     store notrap aligned v18, v0
;     v19 = iconst.i64 64
;     v20 = uextend.i128 v19  ; v19 = 64
;     v21 = ushr v17, v20
;     v22 = ireduce.i16 v21
;     store notrap aligned v22, v0+8
;     return
; }

define void @signed_quotient(ptr %out, ptr %in) {
  %a = load i100, ptr %in, align 16
  %quotient = sdiv i100 %a, 7
  store i100 %quotient, ptr %out, align 16
  ret void
}
; function %signed_quotient(i64, i64) system_v {
;     sig0 = (i128, i128) -> i128 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is __divti3 of the run-time library
;
; block0(v0: i64, v1: i64):
;     v2 = load.i64 notrap aligned v1
;     v3 = uextend.i128 v2
;     v4 = load.i32 notrap aligned v1+8
;     v5 = uextend.i128 v4
;     v6 = iconst.i64 64
;     v7 = uextend.i128 v6  ; v6 = 64
;     v8 = ishl v5, v7
;     v9 = bor v3, v8
;     v10 = load.i8 notrap aligned v1+12
;     v11 = uextend.i128 v10
;     v12 = iconst.i64 96
;     v13 = uextend.i128 v12  ; v12 = 96
;     v14 = ishl v11, v13
;     v15 = bor v9, v14
;     v16 = iconst.i64 -1
;     v17 = iconst.i64 0x000f_ffff_ffff
;     v18 = iconcat v16, v17  ; v16 = -1, v17 = 0x000f_ffff_ffff
;     v19 = band v15, v18
;     v20 = iconst.i64 7
;     v21 = iconst.i64 0
;     v22 = iconcat v20, v21  ; v20 = 7, v21 = 0
;     v23 = iconst.i64 28
;     v24 = uextend.i128 v23  ; v23 = 28
;     v25 = ishl v19, v24
;     v26 = iconst.i64 28
;     v27 = uextend.i128 v26  ; v26 = 28
;     v28 = sshr v25, v27
;     v29 = iconst.i64 28
;     v30 = uextend.i128 v29  ; v29 = 28
;     v31 = ishl v22, v30
;     v32 = iconst.i64 28
;     v33 = uextend.i128 v32  ; v32 = 28
;     v34 = sshr v31, v33
;     v35 = call fn0(v28, v34)
;     v36 = iconst.i64 -1
;     v37 = iconst.i64 0x000f_ffff_ffff
;     v38 = iconcat v36, v37  ; v36 = -1, v37 = 0x000f_ffff_ffff
;     v39 = band v35, v38
;     v40 = ireduce.i64 v39
;     store notrap aligned v40, v0
;     v41 = iconst.i64 64
;     v42 = uextend.i128 v41  ; v41 = 64
;     v43 = ushr v39, v42
;     v44 = ireduce.i32 v43
;     store notrap aligned v44, v0+8
;     v45 = iconst.i64 96
;     v46 = uextend.i128 v45  ; v45 = 96
;     v47 = ushr v39, v46
;     v48 = ireduce.i8 v47
;     store notrap aligned v48, v0+12
;     return
; }
