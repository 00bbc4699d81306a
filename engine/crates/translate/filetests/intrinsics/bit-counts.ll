; Counts of bits are taken in 32 bits or more, and corrected for the width.

define i64 @words(i64 %a) {
  %1 = call i64 @llvm.ctlz.i64(i64 %a, i1 false)
  %2 = call i64 @llvm.cttz.i64(i64 %1, i1 true)
  %3 = call i64 @llvm.ctpop.i64(i64 %2)
  ret i64 %3
}
; function %words(i64) -> i64 system_v {
; block0(v0: i64):
;     v1 = clz v0
;     v2 = iconst.i64 0
;     v3 = isub v1, v2  ; v2 = 0
;     v4 = ctz v3
;     v5 = popcnt v4
;     return v5
; }

define i8 @bytes(i8 %a) {
  %1 = call i8 @llvm.ctlz.i8(i8 %a, i1 false)
  %2 = call i8 @llvm.cttz.i8(i8 %1, i1 false)
  %3 = call i8 @llvm.ctpop.i8(i8 %2)
  ret i8 %3
}
; function %bytes(i8) -> i8 system_v {
; block0(v0: i8):
;     v1 = uextend.i32 v0
;     v2 = clz v1
;     v3 = iconst.i32 24
;     v4 = isub v2, v3  ; v3 = 24
;     v5 = ireduce.i8 v4
;     v6 = uextend.i32 v5
;     v7 = iconst.i32 256
;     v8 = bor v6, v7  ; v7 = 256
;     v9 = ctz v8
;     v10 = ireduce.i8 v9
;     v11 = uextend.i32 v10
;     v12 = popcnt v11
;     v13 = ireduce.i8 v12
;     return v13
; }

define i24 @odd_widths(i24 %a) {
  %1 = call i24 @llvm.ctlz.i24(i24 %a, i1 false)
  %2 = call i24 @llvm.cttz.i24(i24 %1, i1 false)
  ret i24 %2
}
; function %odd_widths(i32) -> i32 system_v {
; block0(v0: i32):
;     v1 = iconst.i32 0x00ff_ffff
;     v2 = band v0, v1  ; v1 = 0x00ff_ffff
;     v3 = clz v2
;     v4 = iconst.i32 8
;     v5 = isub v3, v4  ; v4 = 8
;     v6 = iconst.i32 0x00ff_ffff
;     v7 = band v5, v6  ; v6 = 0x00ff_ffff
;     v8 = iconst.i32 0x0100_0000
;     v9 = bor v7, v8  ; v8 = 0x0100_0000
;     v10 = ctz v9
;     v11 = iconst.i32 0x00ff_ffff
;     v12 = band v10, v11  ; v11 = 0x00ff_ffff
;     return v12
; }

define i128 @wide(i128 %a) {
  %1 = call i128 @llvm.ctlz.i128(i128 %a, i1 false)
  %2 = call i128 @llvm.ctpop.i128(i128 %1)
  ret i128 %2
}
; function %wide(i128) -> i128 system_v {
; block0(v0: i128):
;     v1 = clz v0
;     v2 = iconst.i64 0
;     v3 = iconst.i64 0
;     v4 = iconcat v2, v3  ; v2 = 0, v3 = 0
;     v5 = isub v1, v4
;     v6 = popcnt v5
;     return v6
; }

declare i64 @llvm.ctlz.i64(i64, i1)
declare i64 @llvm.cttz.i64(i64, i1)
declare i64 @llvm.ctpop.i64(i64)
declare i8 @llvm.ctlz.i8(i8, i1)
declare i8 @llvm.cttz.i8(i8, i1)
declare i8 @llvm.ctpop.i8(i8)
declare i24 @llvm.ctlz.i24(i24, i1)
declare i24 @llvm.cttz.i24(i24, i1)
declare i128 @llvm.ctlz.i128(i128, i1)
declare i128 @llvm.ctpop.i128(i128)
