; Division traps on zero, as it is undefined there.

define i32 @signed(i32 %a, i32 %b) {
  %quotient = sdiv i32 %a, %b
  %rest = srem i32 %quotient, %b
  ret i32 %rest
}
; function %signed(i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32):
;     v2 = sdiv v0, v1
;     v3 = srem v2, v1
;     return v3
; }

define i64 @unsigned(i64 %a, i64 %b) {
  %quotient = udiv i64 %a, %b
  %rest = urem i64 %quotient, %b
  ret i64 %rest
}
; function %unsigned(i64, i64) -> i64 system_v {
; block0(v0: i64, v1: i64):
;     v2 = udiv v0, v1
;     v3 = urem v2, v1
;     return v3
; }

define i16 @short(i16 %a, i16 %b) {
  %quotient = sdiv exact i16 %a, %b
  ret i16 %quotient
}
; function %short(i16, i16) -> i16 system_v {
; block0(v0: i16, v1: i16):
;     v2 = sdiv v0, v1
;     return v2
; }
