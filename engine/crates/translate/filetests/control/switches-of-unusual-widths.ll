; Case values are zero-extended, as the operand is.

define i1 @odd(i7 %a) {
entry:
  switch i7 %a, label %other [
    i7 -1, label %ones
    i7 0, label %other
  ]
ones:
  ret i1 true
other:
  ret i1 false
}
; function %odd(i8) -> i8 system_v {
; block0(v0: i8):
;     v1 = iconst.i8 127
;     v2 = band v0, v1  ; v1 = 127
;     v3 = iconst.i8 127
;     v4 = icmp eq v2, v3  ; v3 = 127
;     brif v4, block1, block3
;
; block3:
;     brif.i8 v2, block2, block2
;
; block1:
;     v5 = iconst.i8 1
;     return v5  ; v5 = 1
;
; block2:
;     v6 = iconst.i8 0
;     return v6  ; v6 = 0
; }

define i1 @wide(i128 %a) {
entry:
  switch i128 %a, label %other [
    i128 18446744073709551616, label %far
    i128 -1, label %far
  ]
far:
  ret i1 true
other:
  ret i1 false
}
; function %wide(i128) -> i8 system_v {
; block0(v0: i128):
;     v1 = iconst.i64 -1
;     v2 = iconst.i64 -1
;     v3 = iconcat v1, v2  ; v1 = -1, v2 = -1
;     v4 = icmp eq v0, v3
;     brif v4, block2, block3
;
; block3:
;     v5 = iconst.i64 0
;     v6 = iconst.i64 1
;     v7 = iconcat v5, v6  ; v5 = 0, v6 = 1
;     v8 = icmp.i128 eq v0, v7
;     brif v8, block2, block1
;
; block1:
;     v9 = iconst.i8 0
;     return v9  ; v9 = 0
;
; block2:
;     v10 = iconst.i8 1
;     return v10  ; v10 = 1
; }
