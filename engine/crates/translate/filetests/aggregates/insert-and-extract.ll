; Aggregates are lists of scalar leaves: inserting and extracting moves nothing.

define i64 @extract({ i32, { i64, i8 } } %a) {
  %b = extractvalue { i32, { i64, i8 } } %a, 1, 0
  ret i64 %b
}
; function %extract(i32, i64, i8) -> i64 system_v {
; block0(v0: i32, v1: i64, v2: i8):
;     return v1
; }

define { i32, i64 } @insert({ i32, i64 } %a, i64 %b) {
  %c = insertvalue { i32, i64 } %a, i64 %b, 1
  ret { i32, i64 } %c
}
; function %insert(i32, i64, i64) -> i32, i64 system_v {
; block0(v0: i32, v1: i64, v2: i64):
;     return v0, v2
; }

define { i64, i64 } @build(i64 %a, i64 %b) {
  %1 = insertvalue { i64, i64 } poison, i64 %a, 0
  %2 = insertvalue { i64, i64 } %1, i64 %b, 1
  ret { i64, i64 } %2
}
; function %build(i64, i64) -> i64, i64 system_v {
; block0(v0: i64, v1: i64):
;     return v0, v1
; }

define { i64, i64 } @half_undefined(i64 %a) {
  %1 = insertvalue { i64, i64 } undef, i64 %a, 0
  ret { i64, i64 } %1
}
; function %half_undefined(i64) -> i64, i64 system_v {
; block0(v0: i64):
;     v1 = iconst.i64 0
;     return v0, v1  ; v1 = 0
; }

define i16 @arrays([3 x i16] %a, i16 %b) {
  %1 = insertvalue [3 x i16] %a, i16 %b, 1
  %2 = extractvalue [3 x i16] %1, 2
  ret i16 %2
}
; function %arrays(i16, i16, i16, i16) -> i16 system_v {
; block0(v0: i16, v1: i16, v2: i16, v3: i16):
;     return v2
; }

define i8 @whole_parts({ i8, { i8, i8 } } %a) {
  %inner = extractvalue { i8, { i8, i8 } } %a, 1
  %copy = insertvalue { i8, { i8, i8 } } zeroinitializer, { i8, i8 } %inner, 1
  %last = extractvalue { i8, { i8, i8 } } %copy, 1, 1
  ret i8 %last
}
; function %whole_parts(i8, i8, i8) -> i8 system_v {
; block0(v0: i8, v1: i8, v2: i8):
;     v3 = iconst.i8 0
;     v4 = iconst.i8 0
;     v5 = iconst.i8 0
;     return v2
; }
