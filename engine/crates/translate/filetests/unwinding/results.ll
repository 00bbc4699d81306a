; The result of an `invoke` is a parameter of the block behind it, which is one in between where others lead to its
; successor, too, or where the result needs work.

declare i32 @may_unwind(i32)
declare i7 @odd()
declare { i64, i64 } @pair()
declare i32 @rust_eh_personality(...)

define i32 @direct(i32 %a) personality ptr @rust_eh_personality {
entry:
  %b = invoke i32 @may_unwind(i32 %a) to label %normal unwind label %pad
normal:
  ret i32 %b
pad:
  %exception = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %exception
}
; function %direct(i32) -> i32 system_v {
;     sig0 = (i32) -> i32 system_v
;     sig1 = (i64) system_v
;     fn0 = colocated u0:1 sig0 ; u0:1 is @may_unwind
;     fn1 = colocated u2:0 sig1 ; u2:0 is _Unwind_Resume of the run-time library
;
; block0(v0: i32):
;     try_call fn0(v0), sig0, block1(ret0), [ tag0: block2(exn0, exn1) ]
;
; block1(v1: i32):
;     return v1
;
; block2(v2: i64, v3: i64):
;     v4 = ireduce.i32 v3
;     call fn1(v2)
;     trap user1
; }

define i32 @into_a_phi(i1 %which) personality ptr @rust_eh_personality {
entry:
  br i1 %which, label %call, label %end
call:
  %b = invoke i32 @may_unwind(i32 1) to label %end unwind label %pad
end:
  %joined = phi i32 [ 0, %entry ], [ %b, %call ]
  ret i32 %joined
pad:
  %exception = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %exception
}
; function %into_a_phi(i8) -> i32 system_v {
;     sig0 = (i32) -> i32 system_v
;     sig1 = (i64) system_v
;     fn0 = colocated u0:1 sig0 ; u0:1 is @may_unwind
;     fn1 = colocated u2:0 sig1 ; u2:0 is _Unwind_Resume of the run-time library
;
; block0(v0: i8):
;     v2 = iconst.i8 1
;     v3 = band v0, v2  ; v2 = 1
;     v4 = iconst.i32 0
;     brif v3, block1, block3(v4)  ; v4 = 0
;
; block1:
;     v5 = iconst.i32 1
;     try_call fn0(v5), sig0, block4(ret0), [ tag0: block2(exn0, exn1) ]  ; v5 = 1
;
; block4(v6: i32):
;     jump block3(v6)
;
; block2(v7: i64, v8: i64):
;     v9 = ireduce.i32 v8
;     call fn1(v7)
;     trap user1
;
; block3(v1: i32):
;     return v1
; }

define i7 @of_odd_width() personality ptr @rust_eh_personality {
entry:
  %b = invoke i7 @odd() to label %normal unwind label %pad
normal:
  ret i7 %b
pad:
  %exception = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %exception
}
; function %of_odd_width() -> i8 system_v {
;     sig0 = () -> i8 system_v
;     sig1 = (i64) system_v
;     fn0 = colocated u0:1 sig0 ; u0:1 is @odd
;     fn1 = colocated u2:0 sig1 ; u2:0 is _Unwind_Resume of the run-time library
;
; block0:
;     try_call fn0(), sig0, block3(ret0), [ tag0: block2(exn0, exn1) ]
;
; block3(v0: i8):
;     v1 = iconst.i8 127
;     v2 = band v0, v1  ; v1 = 127
;     jump block1
;
; block1:
;     return v2
;
; block2(v3: i64, v4: i64):
;     v5 = ireduce.i32 v4
;     call fn1(v3)
;     trap user1
; }

define i64 @two() personality ptr @rust_eh_personality {
entry:
  %b = invoke { i64, i64 } @pair() to label %normal unwind label %pad
normal:
  %c = extractvalue { i64, i64 } %b, 1
  ret i64 %c
pad:
  %exception = landingpad { ptr, i32 } cleanup
  resume { ptr, i32 } %exception
}
; function %two() -> i64 system_v {
;     sig0 = () -> i64, i64 system_v
;     sig1 = (i64) system_v
;     fn0 = colocated u0:1 sig0 ; u0:1 is @pair
;     fn1 = colocated u2:0 sig1 ; u2:0 is _Unwind_Resume of the run-time library
;
; block0:
;     try_call fn0(), sig0, block1(ret0, ret1), [ tag0: block2(exn0, exn1) ]
;
; block1(v0: i64, v1: i64):
;     return v1
;
; block2(v2: i64, v3: i64):
;     v4 = ireduce.i32 v3
;     call fn1(v2)
;     trap user1
; }
