; What may trap is never removed, so a volatile access is one that may.

define i32 @volatile(ptr %from, ptr %to) {
  %unused = load volatile i32, ptr %from
  %word = load volatile i32, ptr %from
  store volatile i32 %word, ptr %to
  ret i32 %word
}
; function %volatile(i64, i64) -> i32 system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i32 v0
;     v3 = load.i32 v0
;     store v3, v1
;     return v3
; }
