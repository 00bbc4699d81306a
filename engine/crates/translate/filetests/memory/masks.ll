; Vectors of `i1` in memory: a bit a lane.

define void @two(ptr %from, ptr %to) {
  %mask = load <2 x i1>, ptr %from
  store <2 x i1> %mask, ptr %to
  ret void
}
; function %two(i64, i64) system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i64, v1: i64):
;     v2 = load.i8 notrap aligned v0
;     v3 = iconst.i8 3
;     v4 = band v2, v3  ; v3 = 3
;     v5 = iconst.i8 0
;     v6 = ushr v4, v5  ; v5 = 0
;     v7 = iconst.i8 1
;     v8 = band v6, v7  ; v7 = 1
;     v9 = iconst.i8 1
;     v10 = ushr v4, v9  ; v9 = 1
;     v11 = iconst.i8 1
;     v12 = band v10, v11  ; v11 = 1
;     v13 = uextend.i64 v8
;     v14 = ineg v13
;     v15 = stack_addr.i64 ss0
;     store notrap v14, v15
;     v16 = uextend.i64 v12
;     v17 = ineg v16
;     v18 = stack_addr.i64 ss0+8
;     store notrap v17, v18
;     v19 = stack_addr.i64 ss0
;     v20 = load.i64x2 notrap v19
;     v21 = vhigh_bits.i8 v20
;     v22 = iconst.i8 3
;     v23 = band v21, v22  ; v22 = 3
;     store notrap aligned v23, v1
;     return
; }

define void @three(ptr %from, ptr %to) {
  %mask = load <3 x i1>, ptr %from
  store <3 x i1> %mask, ptr %to
  ret void
}
; function %three(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i8 notrap aligned v0
;     v3 = iconst.i8 7
;     v4 = band v2, v3  ; v3 = 7
;     v5 = iconst.i8 0
;     v6 = ushr v4, v5  ; v5 = 0
;     v7 = iconst.i8 1
;     v8 = band v6, v7  ; v7 = 1
;     v9 = iconst.i8 1
;     v10 = ushr v4, v9  ; v9 = 1
;     v11 = iconst.i8 1
;     v12 = band v10, v11  ; v11 = 1
;     v13 = iconst.i8 2
;     v14 = ushr v4, v13  ; v13 = 2
;     v15 = iconst.i8 1
;     v16 = band v14, v15  ; v15 = 1
;     v17 = iconst.i8 0
;     v18 = iconst.i8 0
;     v19 = ishl v8, v18  ; v18 = 0
;     v20 = bor v17, v19  ; v17 = 0
;     v21 = iconst.i8 1
;     v22 = ishl v12, v21  ; v21 = 1
;     v23 = bor v20, v22
;     v24 = iconst.i8 2
;     v25 = ishl v16, v24  ; v24 = 2
;     v26 = bor v23, v25
;     store notrap aligned v26, v1
;     return
; }
