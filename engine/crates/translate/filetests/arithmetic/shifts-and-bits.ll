; Shifts by less than the width, and operations on bits.

define i32 @shifts(i32 %a, i32 %by) {
  %up = shl i32 %a, %by
  %down = lshr i32 %up, %by
  %signed = ashr i32 %down, 3
  ret i32 %signed
}
; function %shifts(i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32):
;     v2 = ishl v0, v1
;     v3 = ushr v2, v1
;     v4 = iconst.i32 3
;     v5 = sshr v3, v4  ; v4 = 3
;     return v5
; }

define i64 @bits(i64 %a, i64 %b) {
  %both = and i64 %a, %b
  %any = or i64 %both, 255
  %odd = xor i64 %any, -1
  ret i64 %odd
}
; function %bits(i64, i64) -> i64 system_v {
; block0(v0: i64, v1: i64):
;     v2 = band v0, v1
;     v3 = iconst.i64 255
;     v4 = bor v2, v3  ; v3 = 255
;     v5 = iconst.i64 -1
;     v6 = bxor v4, v5  ; v5 = -1
;     return v6
; }
