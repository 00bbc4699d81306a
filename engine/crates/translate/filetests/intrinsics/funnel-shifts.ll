; A funnel shift of a value with itself is a rotation; others are two shifts, since the distance may be 0.

define i64 @rotations(i64 %a, i64 %by) {
  %1 = call i64 @llvm.fshl.i64(i64 %a, i64 %a, i64 %by)
  %2 = call i64 @llvm.fshr.i64(i64 %1, i64 %1, i64 %by)
  ret i64 %2
}
; function %rotations(i64, i64) -> i64 system_v {
; block0(v0: i64, v1: i64):
;     v2 = rotl v0, v1
;     v3 = rotr v2, v1
;     return v3
; }

define i32 @left(i32 %a, i32 %b, i32 %by) {
  %1 = call i32 @llvm.fshl.i32(i32 %a, i32 %b, i32 %by)
  ret i32 %1
}
; function %left(i32, i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32, v2: i32):
;     v3 = iconst.i32 31
;     v4 = band v2, v3  ; v3 = 31
;     v5 = isub v3, v4  ; v3 = 31
;     v6 = ishl v0, v4
;     v7 = iconst.i32 1
;     v8 = ushr v1, v7  ; v7 = 1
;     v9 = ushr v8, v5
;     v10 = bor v6, v9
;     return v10
; }

define i32 @right(i32 %a, i32 %b, i32 %by) {
  %1 = call i32 @llvm.fshr.i32(i32 %a, i32 %b, i32 %by)
  ret i32 %1
}
; function %right(i32, i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32, v2: i32):
;     v3 = iconst.i32 31
;     v4 = band v2, v3  ; v3 = 31
;     v5 = isub v3, v4  ; v3 = 31
;     v6 = iconst.i32 1
;     v7 = ishl v0, v6  ; v6 = 1
;     v8 = ishl v7, v5
;     v9 = ushr v1, v4
;     v10 = bor v8, v9
;     return v10
; }

define i24 @odd_width(i24 %a, i24 %by) {
  %1 = call i24 @llvm.fshl.i24(i24 %a, i24 %a, i24 %by)
  ret i24 %1
}
; function %odd_width(i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32):
;     v2 = iconst.i32 0x00ff_ffff
;     v3 = band v0, v2  ; v2 = 0x00ff_ffff
;     v4 = iconst.i32 0x00ff_ffff
;     v5 = band v1, v4  ; v4 = 0x00ff_ffff
;     v6 = iconst.i32 23
;     v7 = iconst.i32 24
;     v8 = urem v5, v7  ; v7 = 24
;     v9 = isub v6, v8  ; v6 = 23
;     v10 = ishl v3, v8
;     v11 = iconst.i32 1
;     v12 = ushr v3, v11  ; v11 = 1
;     v13 = ushr v12, v9
;     v14 = bor v10, v13
;     v15 = iconst.i32 0x00ff_ffff
;     v16 = band v14, v15  ; v15 = 0x00ff_ffff
;     return v16
; }

define i128 @wide(i128 %a, i128 %b, i128 %by) {
  %1 = call i128 @llvm.fshr.i128(i128 %a, i128 %b, i128 %by)
  ret i128 %1
}
; function %wide(i128, i128, i128) -> i128 system_v {
; block0(v0: i128, v1: i128, v2: i128):
;     v3 = iconst.i64 127
;     v4 = iconst.i64 0
;     v5 = iconcat v3, v4  ; v3 = 127, v4 = 0
;     v6 = band v2, v5
;     v7 = isub v5, v6
;     v8 = ireduce.i64 v6
;     v9 = ireduce.i64 v7
;     v10 = iconst.i64 1
;     v11 = uextend.i128 v10  ; v10 = 1
;     v12 = ishl v0, v11
;     v13 = ishl v12, v9
;     v14 = ushr v1, v8
;     v15 = bor v13, v14
;     return v15
; }

declare i64 @llvm.fshl.i64(i64, i64, i64)
declare i64 @llvm.fshr.i64(i64, i64, i64)
declare i32 @llvm.fshl.i32(i32, i32, i32)
declare i32 @llvm.fshr.i32(i32, i32, i32)
declare i24 @llvm.fshl.i24(i24, i24, i24)
declare i128 @llvm.fshr.i128(i128, i128, i128)
