; A 128-bit integer takes two registers or none: the register that is left over is for the next word, which so comes
; before it in Cranelift's signature.

declare void @registers(i128, i64)
declare void @stack(i64, i64, i64, i64, i64, i128, i64)

define void @in_registers(i128 %a, i64 %b) {
  call void @registers(i128 %a, i64 %b)
  ret void
}
; function %in_registers(i128, i64) system_v {
;     sig0 = (i128, i64) system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @registers
;
; block0(v0: i128, v1: i64):
;     call fn0(v0, v1)
;     return
; }

define void @on_the_stack(i64 %a, i128 %wide) {
  call void @stack(i64 %a, i64 %a, i64 %a, i64 %a, i64 %a, i128 %wide, i64 7)
  ret void
}
; function %on_the_stack(i64, i128) system_v {
;     sig0 = (i64, i64, i64, i64, i64, i64, i128) system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @stack
;
; block0(v0: i64, v1: i128):
;     v2 = iconst.i64 7
;     call fn0(v0, v0, v0, v0, v0, v2, v1)  ; v2 = 7
;     return
; }

define i64 @moved_parameter(i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, i128 %wide, i64 %last) {
  ret i64 %last
}
; function %moved_parameter(i64, i64, i64, i64, i64, i64, i128) -> i64 system_v {
; block0(v0: i64, v1: i64, v2: i64, v3: i64, v4: i64, v5: i64, v6: i128):
;     return v5
; }

define i128 @result(i128 %a) {
  ret i128 %a
}
; function %result(i128) -> i128 system_v {
; block0(v0: i128):
;     return v0
; }
