; Assembly without instructions is a barrier for optimisers: what goes in comes out.

define ptr @black_box(ptr %a) {
  call void asm sideeffect "", "r,~{memory}"(ptr %a)
  ret ptr %a
}
; function %black_box(i64) -> i64 system_v {
; block0(v0: i64):
;     return v0
; }

define i64 @tied(i64 %a) {
  %b = call i64 asm sideeffect "", "=r,0"(i64 %a)
  ret i64 %b
}
; function %tied(i64) -> i64 system_v {
; block0(v0: i64):
;     return v0
; }

define i32 @two_tied(i32 %a, i32 %b) {
  %1 = call { i32, i32 } asm "/* nothing */", "=r,=r,1,0"(i32 %a, i32 %b)
  %2 = extractvalue { i32, i32 } %1, 0
  ret i32 %2
}
; function %two_tied(i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32):
;     return v1
; }
