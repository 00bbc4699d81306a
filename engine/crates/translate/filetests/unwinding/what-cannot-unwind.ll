; An `invoke` of an intrinsic or of an empty assembly is no call at all.

declare void @llvm.donothing()
declare i32 @rust_eh_personality(...)

define void @intrinsic() personality ptr @rust_eh_personality {
entry:
  invoke void @llvm.donothing() to label %normal unwind label %pad
normal:
  ret void
pad:
  %exception = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %exception
}
; function %intrinsic() system_v {
;     sig0 = (i64) system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is _Unwind_Resume of the run-time library
;
; block0:
;     jump block1
;
; block1:
;     return
;
; block2(v0: i64, v1: i64):
;     v2 = ireduce.i32 v1
;     call fn0(v0)
;     trap user1
; }

define void @barrier() personality ptr @rust_eh_personality {
entry:
  invoke void asm sideeffect "", "~{memory}"() to label %normal unwind label %pad
normal:
  ret void
pad:
  %exception = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %exception
}
; function %barrier() system_v {
;     sig0 = (i64) system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is _Unwind_Resume of the run-time library
;
; block0:
;     jump block1
;
; block1:
;     return
;
; block2(v0: i64, v1: i64):
;     v2 = ireduce.i32 v1
;     call fn0(v0)
;     trap user1
; }
