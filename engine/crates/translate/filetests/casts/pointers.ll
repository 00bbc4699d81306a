; Pointers are 64-bit integers.

define i64 @to_integer(ptr %a) {
  %int = ptrtoint ptr %a to i64
  ret i64 %int
}
; function %to_integer(i64) -> i64 system_v {
; block0(v0: i64):
;     return v0
; }

define i32 @to_narrow_integer(ptr %a) {
  %int = ptrtoint ptr %a to i32
  ret i32 %int
}
; function %to_narrow_integer(i64) -> i32 system_v {
; block0(v0: i64):
;     v1 = ireduce.i32 v0
;     return v1
; }

define ptr @from_integer(i64 %a, i32 %b) {
  %pointer = inttoptr i64 %a to ptr
  %narrow = inttoptr i32 %b to ptr
  %less = icmp ult ptr %pointer, %narrow
  %least = select i1 %less, ptr %pointer, ptr %narrow
  ret ptr %least
}
; function %from_integer(i64, i32) -> i64 system_v {
; block0(v0: i64, v1: i32):
;     v2 = uextend.i64 v1
;     v3 = icmp ult v0, v2
;     v4 = select v3, v0, v2
;     return v4
; }
