; `undef` and `poison` are zero wherever a value is needed, so that one value has one meaning.

define i32 @operand(i32 %a) {
  %sum = add i32 %a, undef
  ret i32 %sum
}
; function %operand(i32) -> i32 system_v {
; block0(v0: i32):
;     v1 = iconst.i32 0
;     v2 = iadd v0, v1  ; v1 = 0
;     return v2
; }

define i64 @frozen(i64 %a) {
  %copy = freeze i64 %a
  %some = freeze i64 poison
  %sum = add i64 %copy, %some
  ret i64 %sum
}
; function %frozen(i64) -> i64 system_v {
; block0(v0: i64):
;     v1 = iconst.i64 0
;     v2 = iadd v0, v1  ; v1 = 0
;     return v2
; }
