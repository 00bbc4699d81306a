; Selection between scalars and, leaf by leaf, between aggregates.

define i64 @scalars(i1 %which, i64 %a, i64 %b) {
  %picked = select i1 %which, i64 %a, i64 %b
  ret i64 %picked
}
; function %scalars(i8, i64, i64) -> i64 system_v {
; block0(v0: i8, v1: i64, v2: i64):
;     v3 = iconst.i8 1
;     v4 = band v0, v3  ; v3 = 1
;     v5 = select v4, v1, v2
;     return v5
; }

define double @floats(i1 %which, double %a, double %b) {
  %picked = select i1 %which, double %a, double %b
  ret double %picked
}
; function %floats(i8, f64, f64) -> f64 system_v {
; block0(v0: i8, v1: f64, v2: f64):
;     v3 = iconst.i8 1
;     v4 = band v0, v3  ; v3 = 1
;     v5 = select v4, v1, v2
;     return v5
; }

define { i32, i64 } @aggregates(i1 %which, { i32, i64 } %a) {
  %picked = select i1 %which, { i32, i64 } %a, { i32, i64 } { i32 1, i64 undef }
  ret { i32, i64 } %picked
}
; function %aggregates(i8, i32, i64) -> i32, i64 system_v {
; block0(v0: i8, v1: i32, v2: i64):
;     v3 = iconst.i8 1
;     v4 = band v0, v3  ; v3 = 1
;     v5 = iconst.i32 1
;     v6 = iconst.i64 0
;     v7 = select v4, v1, v5  ; v5 = 1
;     v8 = select v4, v2, v6  ; v6 = 0
;     return v7, v8
; }

define i128 @wide(i1 %which, i128 %a, i128 %b) {
  %picked = select i1 %which, i128 %a, i128 %b
  ret i128 %picked
}
; function %wide(i8, i128, i128) -> i128 system_v {
; block0(v0: i8, v1: i128, v2: i128):
;     v3 = iconst.i8 1
;     v4 = band v0, v3  ; v3 = 1
;     v5 = select v4, v1, v2
;     return v5
; }
