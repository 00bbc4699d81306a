; Tag 1: the landing pad stops the unwinding.

declare void @may_unwind()
declare i32 @rust_eh_personality(...)

define ptr @catch() personality ptr @rust_eh_personality {
entry:
  invoke void @may_unwind() to label %normal unwind label %pad
normal:
  ret ptr null
pad:
  %exception = landingpad { ptr, i32 } catch ptr null
  %payload = extractvalue { ptr, i32 } %exception, 0
  ret ptr %payload
}
; function %catch() -> i64 system_v {
;     sig0 = () system_v
;     fn0 = colocated u0:1 sig0 ; u0:1 is @may_unwind
;
; block0:
;     try_call fn0(), sig0, block1, [ tag1: block2(exn0, exn1) ]
;
; block1:
;     v0 = iconst.i64 0
;     return v0  ; v0 = 0
;
; block2(v1: i64, v2: i64):
;     v3 = ireduce.i32 v2
;     return v1
; }
