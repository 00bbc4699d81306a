; Zero extension is free where the type stays; sign extension starts from the top bit.

define i64 @zero(i8 %a) {
  %wide = zext i8 %a to i64
  ret i64 %wide
}
; function %zero(i8) -> i64 system_v {
; block0(v0: i8):
;     v1 = uextend.i64 v0
;     return v1
; }

define i64 @sign(i8 %a) {
  %wide = sext i8 %a to i64
  ret i64 %wide
}
; function %sign(i8) -> i64 system_v {
; block0(v0: i8):
;     v1 = sextend.i64 v0
;     return v1
; }

define i32 @sign_of_bit(i1 %a) {
  %wide = sext i1 %a to i32
  ret i32 %wide
}
; function %sign_of_bit(i8) -> i32 system_v {
; block0(v0: i8):
;     v1 = iconst.i8 1
;     v2 = band v0, v1  ; v1 = 1
;     v3 = iconst.i8 7
;     v4 = ishl v2, v3  ; v3 = 7
;     v5 = iconst.i8 7
;     v6 = sshr v4, v5  ; v5 = 7
;     v7 = sextend.i32 v6
;     return v7
; }

define i32 @zero_of_odd(i24 %a) {
  %wide = zext i24 %a to i32
  ret i32 %wide
}
; function %zero_of_odd(i32) -> i32 system_v {
; block0(v0: i32):
;     v1 = iconst.i32 0x00ff_ffff
;     v2 = band v0, v1  ; v1 = 0x00ff_ffff
;     return v2
; }

define i48 @sign_of_odd(i24 %a) {
  %wide = sext i24 %a to i48
  ret i48 %wide
}
; function %sign_of_odd(i32) -> i64 system_v {
; block0(v0: i32):
;     v1 = iconst.i32 0x00ff_ffff
;     v2 = band v0, v1  ; v1 = 0x00ff_ffff
;     v3 = iconst.i32 8
;     v4 = ishl v2, v3  ; v3 = 8
;     v5 = iconst.i32 8
;     v6 = sshr v4, v5  ; v5 = 8
;     v7 = sextend.i64 v6
;     v8 = iconst.i64 0xffff_ffff_ffff
;     v9 = band v7, v8  ; v8 = 0xffff_ffff_ffff
;     return v9
; }

define i128 @to_i128(i64 %a) {
  %zero = zext i64 %a to i128
  %sign = sext i64 %a to i128
  %both = xor i128 %zero, %sign
  ret i128 %both
}
; function %to_i128(i64) -> i128 system_v {
; block0(v0: i64):
;     v1 = uextend.i128 v0
;     v2 = sextend.i128 v0
;     v3 = bxor v1, v2
;     return v3
; }
