; Tag 2: nothing may pass.

declare void @may_unwind()
declare void @panic_in_cleanup() noreturn
declare i32 @rust_eh_personality(...)

define void @nounwind() personality ptr @rust_eh_personality {
entry:
  invoke void @may_unwind() to label %normal unwind label %terminate
normal:
  ret void
terminate:
  %exception = landingpad { ptr, i32 } filter [0 x ptr] zeroinitializer
  call void @panic_in_cleanup()
  unreachable
}
; function %nounwind() system_v {
;     sig0 = () system_v
;     fn0 = colocated u0:1 sig0 ; u0:1 is @may_unwind
;     fn1 = colocated u0:2 sig0 ; u0:2 is @panic_in_cleanup
;
; block0:
;     try_call fn0(), sig0, block1, [ tag2: block2(exn0, exn1) ]
;
; block1:
;     return
;
; block2(v0: i64, v1: i64):
;     v2 = ireduce.i32 v1
;     call fn1()
;     trap user1
; }
