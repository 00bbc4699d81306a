; An `i1` is a byte that is 0 or 1.

define i1 @sums(i1 %a, i1 %b) {
  %sum = add i1 %a, %b
  %product = mul i1 %sum, %b
  ret i1 %product
}
; function %sums(i8, i8) -> i8 system_v {
; block0(v0: i8, v1: i8):
;     v2 = iconst.i8 1
;     v3 = band v0, v2  ; v2 = 1
;     v4 = iconst.i8 1
;     v5 = band v1, v4  ; v4 = 1
;     v6 = iadd v3, v5
;     v7 = iconst.i8 1
;     v8 = band v6, v7  ; v7 = 1
;     v9 = imul v8, v5
;     v10 = iconst.i8 1
;     v11 = band v9, v10  ; v10 = 1
;     return v11
; }

define i1 @bits(i1 zeroext %a, i1 zeroext %b) {
  %both = and i1 %a, %b
  %not = xor i1 %both, true
  ret i1 %not
}
; function %bits(i8 uext, i8 uext) -> i8 system_v {
; block0(v0: i8, v1: i8):
;     v2 = iconst.i8 1
;     v3 = band v0, v2  ; v2 = 1
;     v4 = iconst.i8 1
;     v5 = band v1, v4  ; v4 = 1
;     v6 = band v3, v5
;     v7 = iconst.i8 1
;     v8 = bxor v6, v7  ; v7 = 1
;     return v8
; }
