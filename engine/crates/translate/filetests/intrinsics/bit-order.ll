; Reversal of bytes and bits.

define i32 @words(i32 %a) {
  %1 = call i32 @llvm.bswap.i32(i32 %a)
  %2 = call i32 @llvm.bitreverse.i32(i32 %1)
  ret i32 %2
}
; function %words(i32) -> i32 system_v {
; block0(v0: i32):
;     v1 = bswap v0
;     v2 = bitrev v1
;     return v2
; }

define i48 @odd_width(i48 %a) {
  %1 = call i48 @llvm.bswap.i48(i48 %a)
  %2 = call i48 @llvm.bitreverse.i48(i48 %1)
  ret i48 %2
}
; function %odd_width(i64) -> i64 system_v {
; block0(v0: i64):
;     v1 = iconst.i64 0xffff_ffff_ffff
;     v2 = band v0, v1  ; v1 = 0xffff_ffff_ffff
;     v3 = bswap v2
;     v4 = iconst.i64 16
;     v5 = ushr v3, v4  ; v4 = 16
;     v6 = bitrev v5
;     v7 = iconst.i64 16
;     v8 = ushr v6, v7  ; v7 = 16
;     return v8
; }

declare i32 @llvm.bswap.i32(i32)
declare i32 @llvm.bitreverse.i32(i32)
declare i48 @llvm.bswap.i48(i48)
declare i48 @llvm.bitreverse.i48(i48)
