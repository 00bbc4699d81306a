; From 64 bits unsigned and from 128 bits it takes more than an instruction.

define float @signed(i32 %a) {
  %float = sitofp i32 %a to float
  ret float %float
}
; function %signed(i32) -> f32 system_v {
; block0(v0: i32):
;     v1 = sextend.i64 v0
;     v2 = fcvt_from_sint.f32 v1
;     return v2
; }

define double @unsigned(i32 %a) {
  %float = uitofp i32 %a to double
  ret double %float
}
; function %unsigned(i32) -> f64 system_v {
; block0(v0: i32):
;     v1 = uextend.i64 v0
;     v2 = fcvt_from_sint.f64 v1
;     return v2
; }

define double @unsigned_64(i64 %a) {
  %float = uitofp i64 %a to double
  ret double %float
}
; function %unsigned_64(i64) -> f64 system_v {
; block0(v0: i64):
;     v1 = fcvt_from_uint.f64 v0
;     return v1
; }

define float @bit(i1 %a) {
  %signed = sitofp i1 %a to float
  %unsigned = uitofp i1 %a to float
  %sum = fadd float %signed, %unsigned
  ret float %sum
}
; function %bit(i8) -> f32 system_v {
; block0(v0: i8):
;     v1 = iconst.i8 1
;     v2 = band v0, v1  ; v1 = 1
;     v3 = iconst.i8 7
;     v4 = ishl v2, v3  ; v3 = 7
;     v5 = iconst.i8 7
;     v6 = sshr v4, v5  ; v5 = 7
;     v7 = sextend.i64 v6
;     v8 = fcvt_from_sint.f32 v7
;     v9 = uextend.i64 v2
;     v10 = fcvt_from_sint.f32 v9
;     v11 = fadd v8, v10
;     return v11
; }

define double @wide(i128 %a) {
  %signed = sitofp i128 %a to double
  %unsigned = uitofp i128 %a to double
  %sum = fadd double %signed, %unsigned
  ret double %sum
}
; function %wide(i128) -> f64 system_v {
;     sig0 = (i128) -> f64 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is __floattidf of the run-time library
;     fn1 = colocated u2:1 sig0 ; u2:1 is __floatuntidf of the run-time library
;
; block0(v0: i128):
;     v1 = call fn0(v0)
;     v2 = call fn1(v0)
;     v3 = fadd v1, v2
;     return v3
; }
