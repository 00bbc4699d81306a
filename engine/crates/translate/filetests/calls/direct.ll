; Direct calls are to colocated names; a callee and a signature are imported once.

declare i32 @one(i32)
declare i32 @other(i32)

define i32 @twice(i32 %a) {
  %b = call i32 @one(i32 %a)
  %c = call i32 @one(i32 %b)
  %d = call i32 @other(i32 %c)
  ret i32 %d
}
; function %twice(i32) -> i32 system_v {
;     sig0 = (i32) -> i32 system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @one
;     fn1 = colocated u0:1 sig0 ; u0:1 is @other
;
; block0(v0: i32):
;     v1 = call fn0(v0)
;     v2 = call fn0(v1)
;     v3 = call fn1(v2)
;     return v3
; }

define void @recursive(i32 %a) {
  tail call void @recursive(i32 %a)
  ret void
}
; function %recursive(i32) system_v {
;     sig0 = (i32) system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @recursive
;
; block0(v0: i32):
;     call fn0(v0)
;     return
; }
