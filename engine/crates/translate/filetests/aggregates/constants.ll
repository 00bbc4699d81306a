; Constant aggregates, with the leaves that are used made where they are used.

@text = external constant [5 x i8]

define { ptr, i64 } @slice() {
  ret { ptr, i64 } { ptr @text, i64 5 }
}
; function %slice() -> i64, i64 system_v {
;     gv0 = symbol userextname0 ; u0:0 is @text
;
; block0:
;     v0 = symbol_value.i64 gv0
;     v1 = iconst.i64 5
;     return v0, v1  ; v1 = 5
; }

define { i1, float } @mixed() {
  ret { i1, float } { i1 true, float -0.0 }
}
; function %mixed() -> i8, f32 system_v {
; block0:
;     v0 = iconst.i8 1
;     v1 = f32const -0.0
;     return v0, v1  ; v0 = 1, v1 = -0.0
; }

define { i64, i64 } @zero() {
  ret { i64, i64 } zeroinitializer
}
; function %zero() -> i64, i64 system_v {
; block0:
;     v0 = iconst.i64 0
;     v1 = iconst.i64 0
;     return v0, v1  ; v0 = 0, v1 = 0
; }

define void @empty({} %nothing, ptr %to) {
  store {} %nothing, ptr %to
  ret void
}
; function %empty(i64) system_v {
; block0(v0: i64):
;     return
; }
