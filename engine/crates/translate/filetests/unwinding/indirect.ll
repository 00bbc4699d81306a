; An indirect call that may unwind.

declare i32 @rust_eh_personality(...)

define i64 @through_a_pointer(ptr %function) personality ptr @rust_eh_personality {
entry:
  %a = invoke i64 %function(i64 5) to label %normal unwind label %pad
normal:
  ret i64 %a
pad:
  %exception = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %exception
}
; function %through_a_pointer(i64) -> i64 system_v {
;     sig0 = (i64) -> i64 system_v
;     sig1 = (i64) system_v
;     fn0 = colocated u2:0 sig1 ; u2:0 is _Unwind_Resume of the run-time library
;
; block0(v0: i64):
;     v1 = iconst.i64 5
;     try_call_indirect v0(v1), sig0, block1(ret0), [ tag0: block2(exn0, exn1) ]  ; v1 = 5
;
; block1(v2: i64):
;     return v2
;
; block2(v3: i64, v4: i64):
;     v5 = ireduce.i32 v4
;     call fn0(v3)
;     trap user1
; }
