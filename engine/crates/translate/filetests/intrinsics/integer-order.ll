; Minimum, maximum, absolute value, and comparison in three ways.

define i32 @limits(i32 %a, i32 %b) {
  %1 = call i32 @llvm.umin.i32(i32 %a, i32 %b)
  %2 = call i32 @llvm.umax.i32(i32 %1, i32 %b)
  %3 = call i32 @llvm.smin.i32(i32 %2, i32 %b)
  %4 = call i32 @llvm.smax.i32(i32 %3, i32 %b)
  %5 = call i32 @llvm.abs.i32(i32 %4, i1 false)
  ret i32 %5
}
; function %limits(i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32):
;     v2 = icmp ult v0, v1
;     v3 = select v2, v0, v1
;     v4 = icmp ugt v3, v1
;     v5 = select v4, v3, v1
;     v6 = icmp slt v5, v1
;     v7 = select v6, v5, v1
;     v8 = icmp sgt v7, v1
;     v9 = select v8, v7, v1
;     v10 = ineg v9
;     v11 = iconst.i32 0
;     v12 = icmp slt v9, v11  ; v11 = 0
;     v13 = select v12, v10, v9
;     return v13
; }

define i8 @three_ways(i64 %a, i64 %b) {
  %1 = call i8 @llvm.ucmp.i8.i64(i64 %a, i64 %b)
  %2 = call i8 @llvm.scmp.i8.i64(i64 %a, i64 %b)
  %3 = xor i8 %1, %2
  ret i8 %3
}
; function %three_ways(i64, i64) -> i8 system_v {
; block0(v0: i64, v1: i64):
;     v2 = icmp ugt v0, v1
;     v3 = icmp ult v0, v1
;     v4 = isub v2, v3
;     v5 = icmp sgt v0, v1
;     v6 = icmp slt v0, v1
;     v7 = isub v5, v6
;     v8 = bxor v4, v7
;     return v8
; }

define i7 @of_odd_width(i7 %a, i7 %b) {
  %1 = call i7 @llvm.smax.i7(i7 %a, i7 %b)
  %2 = call i7 @llvm.abs.i7(i7 %1, i1 true)
  ret i7 %2
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
;     v10 = iconst.i8 1
;     v11 = ishl v5, v10  ; v10 = 1
;     v12 = iconst.i8 1
;     v13 = sshr v11, v12  ; v12 = 1
;     v14 = icmp sgt v9, v13
;     v15 = select v14, v3, v5
;     v16 = ineg v15
;     v17 = iconst.i8 127
;     v18 = band v16, v17  ; v17 = 127
;     v19 = iconst.i8 0
;     v20 = iconst.i8 1
;     v21 = ishl v15, v20  ; v20 = 1
;     v22 = iconst.i8 1
;     v23 = sshr v21, v22  ; v22 = 1
;     v24 = iconst.i8 1
;     v25 = ishl v19, v24  ; v19 = 0, v24 = 1
;     v26 = iconst.i8 1
;     v27 = sshr v25, v26  ; v26 = 1
;     v28 = icmp slt v23, v27
;     v29 = select v28, v18, v15
;     return v29
; }

declare i32 @llvm.umin.i32(i32, i32)
declare i32 @llvm.umax.i32(i32, i32)
declare i32 @llvm.smin.i32(i32, i32)
declare i32 @llvm.smax.i32(i32, i32)
declare i32 @llvm.abs.i32(i32, i1)
declare i8 @llvm.ucmp.i8.i64(i64, i64)
declare i8 @llvm.scmp.i8.i64(i64, i64)
declare i7 @llvm.smax.i7(i7, i7)
declare i7 @llvm.abs.i7(i7, i1)
