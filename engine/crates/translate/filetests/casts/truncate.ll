; Truncation; to a width that is no type of Cranelift's, the rest is cleared.

define i8 @to_byte(i64 %a) {
  %low = trunc i64 %a to i8
  ret i8 %low
}
; function %to_byte(i64) -> i8 system_v {
; block0(v0: i64):
;     v1 = ireduce.i8 v0
;     return v1
; }

define i1 @to_bit(i32 %a) {
  %low = trunc i32 %a to i1
  ret i1 %low
}
; function %to_bit(i32) -> i8 system_v {
; block0(v0: i32):
;     v1 = ireduce.i8 v0
;     v2 = iconst.i8 1
;     v3 = band v1, v2  ; v2 = 1
;     return v3
; }

define i24 @to_odd(i128 %a) {
  %low = trunc i128 %a to i24
  ret i24 %low
}
; function %to_odd(i128) -> i32 system_v {
; block0(v0: i128):
;     v1 = ireduce.i32 v0
;     v2 = iconst.i32 0x00ff_ffff
;     v3 = band v1, v2  ; v2 = 0x00ff_ffff
;     return v3
; }

define i28 @within_a_type(i30 %a) {
  %low = trunc i30 %a to i28
  ret i28 %low
}
; function %within_a_type(i32) -> i32 system_v {
; block0(v0: i32):
;     v1 = iconst.i32 0x3fff_ffff
;     v2 = band v0, v1  ; v1 = 0x3fff_ffff
;     v3 = iconst.i32 0x0fff_ffff
;     v4 = band v2, v3  ; v3 = 0x0fff_ffff
;     return v4
; }
