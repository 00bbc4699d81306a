; Dense cases become a jump table, sparse ones comparisons.

define i32 @dense(i32 %a) {
entry:
  switch i32 %a, label %other [
    i32 0, label %zero
    i32 1, label %one
    i32 2, label %zero
    i32 3, label %one
  ]
zero:
  ret i32 10
one:
  ret i32 20
other:
  ret i32 30
}
; function %dense(i32) -> i32 system_v {
; block0(v0: i32):
;     br_table v0, block1, [block2, block3, block2, block3]
;
; block1:
;     v1 = iconst.i32 30
;     return v1  ; v1 = 30
;
; block2:
;     v2 = iconst.i32 10
;     return v2  ; v2 = 10
;
; block3:
;     v3 = iconst.i32 20
;     return v3  ; v3 = 20
; }

define i32 @sparse(i8 %a) {
entry:
  switch i8 %a, label %other [
    i8 5, label %small
    i8 -1, label %large
  ]
small:
  ret i32 1
large:
  ret i32 2
other:
  ret i32 3
}
; function %sparse(i8) -> i32 system_v {
; block0(v0: i8):
;     v1 = iconst.i8 -1
;     v2 = icmp eq v0, v1  ; v1 = -1
;     brif v2, block3, block4
;
; block4:
;     v3 = iconst.i8 5
;     v4 = icmp.i8 eq v0, v3  ; v3 = 5
;     brif v4, block2, block1
;
; block1:
;     v5 = iconst.i32 3
;     return v5  ; v5 = 3
;
; block2:
;     v6 = iconst.i32 1
;     return v6  ; v6 = 1
;
; block3:
;     v7 = iconst.i32 2
;     return v7  ; v7 = 2
; }

define i1 @only_default(i64 %a) {
entry:
  switch i64 %a, label %other [
  ]
other:
  ret i1 true
}
; function %only_default(i64) -> i8 system_v {
; block0(v0: i64):
;     jump block1
;
; block1:
;     v1 = iconst.i8 1
;     return v1  ; v1 = 1
; }
