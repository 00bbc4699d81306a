; Vectors of `i1` have a bit a lane in memory and as integers, lane 0 lowest.

define i16 @mask_to_integer(<16 x i8> %a, <16 x i8> %b) {
  %mask = icmp eq <16 x i8> %a, %b
  %bits = bitcast <16 x i1> %mask to i16
  ret i16 %bits
}
; function %mask_to_integer(i8x16, i8x16) -> i16 system_v {
; block0(v0: i8x16, v1: i8x16):
;     v2 = icmp eq v0, v1
;     v3 = vhigh_bits.i16 v2
;     return v3
; }

define i4 @small_mask_to_integer(<4 x i32> %a, <4 x i32> %b) {
  %mask = icmp sgt <4 x i32> %a, %b
  %bits = bitcast <4 x i1> %mask to i4
  ret i4 %bits
}
; function %small_mask_to_integer(i32x4, i32x4) -> i8 system_v {
; block0(v0: i32x4, v1: i32x4):
;     v2 = icmp sgt v0, v1
;     v3 = vhigh_bits.i8 v2
;     v4 = iconst.i8 15
;     v5 = band v3, v4  ; v4 = 15
;     return v5
; }

define <4 x i32> @integer_to_mask(i4 %bits, <4 x i32> %a, <4 x i32> %b) {
  %mask = bitcast i4 %bits to <4 x i1>
  %picked = select <4 x i1> %mask, <4 x i32> %a, <4 x i32> %b
  ret <4 x i32> %picked
}
; function %integer_to_mask(i8, i32x4, i32x4) -> i32x4 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i8, v1: i32x4, v2: i32x4):
;     v3 = iconst.i8 15
;     v4 = band v0, v3  ; v3 = 15
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
;     v17 = iconst.i8 3
;     v18 = ushr v4, v17  ; v17 = 3
;     v19 = iconst.i8 1
;     v20 = band v18, v19  ; v19 = 1
;     v21 = uextend.i32 v8
;     v22 = ineg v21
;     v23 = stack_addr.i64 ss0
;     store notrap v22, v23
;     v24 = uextend.i32 v12
;     v25 = ineg v24
;     v26 = stack_addr.i64 ss0+4
;     store notrap v25, v26
;     v27 = uextend.i32 v16
;     v28 = ineg v27
;     v29 = stack_addr.i64 ss0+8
;     store notrap v28, v29
;     v30 = uextend.i32 v20
;     v31 = ineg v30
;     v32 = stack_addr.i64 ss0+12
;     store notrap v31, v32
;     v33 = stack_addr.i64 ss0
;     v34 = load.i32x4 notrap v33
;     v35 = bitselect v34, v1, v2
;     return v35
; }
