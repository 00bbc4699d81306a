; Arithmetic on integers as wide as Cranelift's types: an instruction each.

define i8 @bytes(i8 %a, i8 %b) {
  %sum = add i8 %a, %b
  %difference = sub i8 %sum, %b
  %product = mul i8 %difference, %sum
  ret i8 %product
}
; function %bytes(i8, i8) -> i8 system_v {
; block0(v0: i8, v1: i8):
;     v2 = iadd v0, v1
;     v3 = isub v2, v1
;     v4 = imul v3, v2
;     return v4
; }

define i32 @words(i32 %a, i32 %b) {
  %sum = add nsw i32 %a, %b
  %difference = sub nuw i32 %sum, 1
  %product = mul i32 %difference, %sum
  ret i32 %product
}
; function %words(i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32):
;     v2 = iadd v0, v1
;     v3 = iconst.i32 1
;     v4 = isub v2, v3  ; v3 = 1
;     v5 = imul v4, v2
;     return v5
; }

define i64 @constants(i64 %a) {
  %low = add i64 %a, -1
  %high = sub i64 9223372036854775807, %low
  ret i64 %high
}
; function %constants(i64) -> i64 system_v {
; block0(v0: i64):
;     v1 = iconst.i64 -1
;     v2 = iadd v0, v1  ; v1 = -1
;     v3 = iconst.i64 0x7fff_ffff_ffff_ffff
;     v4 = isub v3, v2  ; v3 = 0x7fff_ffff_ffff_ffff
;     return v4
; }
