; An access is `aligned` when it is known to be so for its size.

define void @aligned(ptr %from, ptr %to) {
  %word = load i32, ptr %from, align 4
  store i32 %word, ptr %to, align 8
  ret void
}
; function %aligned(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i32 notrap aligned v0
;     store notrap aligned v2, v1
;     return
; }

define void @unaligned(ptr %from, ptr %to) {
  %word = load i32, ptr %from, align 1
  store i32 %word, ptr %to, align 2
  ret void
}
; function %unaligned(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i32 notrap v0
;     store notrap v2, v1
;     return
; }

define void @fields(ptr %from, ptr %to) {
  %pair = load { i32, i64 }, ptr %from, align 4
  store { i32, i64 } %pair, ptr %to, align 16
  ret void
}
; function %fields(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i32 notrap aligned v0
;     v3 = load.i64 notrap v0+8
;     store notrap aligned v2, v1
;     store notrap aligned v3, v1+8
;     return
; }
