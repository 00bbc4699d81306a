; An `invoke` is a `try_call`. The tag of its handler says what the landing pad does: 0 cleans up and resumes.

declare void @may_unwind()
declare void @drop(ptr)
declare i32 @rust_eh_personality(...)

define void @cleanup(ptr %value) personality ptr @rust_eh_personality {
entry:
  invoke void @may_unwind() to label %normal unwind label %pad
normal:
  ret void
pad:
  %exception = landingpad { ptr, i32 } cleanup
  call void @drop(ptr %value)
  resume { ptr, i32 } %exception
}
; function %cleanup(i64) system_v {
;     sig0 = () system_v
;     sig1 = (i64) system_v
;     fn0 = colocated u0:1 sig0 ; u0:1 is @may_unwind
;     fn1 = colocated u0:2 sig1 ; u0:2 is @drop
;     fn2 = colocated u2:0 sig1 ; u2:0 is _Unwind_Resume of the run-time library
;
; block0(v0: i64):
;     try_call fn0(), sig0, block1, [ tag0: block2(exn0, exn1) ]
;
; block1:
;     return
;
; block2(v1: i64, v2: i64):
;     v3 = ireduce.i32 v2
;     call fn1(v0)
;     call fn2(v1)
;     trap user1
; }
