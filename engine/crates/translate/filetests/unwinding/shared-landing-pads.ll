; A landing pad of several calls gets a block for each edge, which brings the values of its phis.

declare void @may_unwind(i32)
declare void @drop(i32)
declare i32 @rust_eh_personality(...)

define void @shared() personality ptr @rust_eh_personality {
entry:
  invoke void @may_unwind(i32 1) to label %second unwind label %pad
second:
  invoke void @may_unwind(i32 2) to label %normal unwind label %pad
normal:
  ret void
pad:
  %stage = phi i32 [ 10, %entry ], [ 20, %second ]
  %exception = landingpad { ptr, i32 } cleanup
  call void @drop(i32 %stage)
  resume { ptr, i32 } %exception
}
; function %shared() system_v {
;     sig0 = (i32) system_v
;     sig1 = (i64) system_v
;     fn0 = colocated u0:1 sig0 ; u0:1 is @may_unwind
;     fn1 = colocated u0:2 sig0 ; u0:2 is @drop
;     fn2 = colocated u2:0 sig1 ; u2:0 is _Unwind_Resume of the run-time library
;
; block0:
;     v1 = iconst.i32 1
;     try_call fn0(v1), sig0, block1, [ tag0: block4(exn0, exn1) ]  ; v1 = 1
;
; block4(v2: i64, v3: i64) cold:
;     v4 = iconst.i32 10
;     jump block3(v4, v2, v3)  ; v4 = 10
;
; block1:
;     v5 = iconst.i32 2
;     try_call fn0(v5), sig0, block2, [ tag0: block5(exn0, exn1) ]  ; v5 = 2
;
; block5(v6: i64, v7: i64) cold:
;     v8 = iconst.i32 20
;     jump block3(v8, v6, v7)  ; v8 = 20
;
; block2:
;     return
;
; block3(v0: i32, v9: i64, v10: i64):
;     v11 = ireduce.i32 v10
;     call fn1(v0)
;     call fn2(v9)
;     trap user1
; }
