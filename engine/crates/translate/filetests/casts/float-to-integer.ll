; Out of range is poison, so saturating conversions are right.

define i32 @signed(float %a) {
  %int = fptosi float %a to i32
  ret i32 %int
}
; function %signed(f32) -> i32 system_v {
; block0(v0: f32):
;     v1 = fcvt_to_sint_sat.i32 v0
;     return v1
; }

define i32 @unsigned(double %a) {
  %int = fptoui double %a to i32
  ret i32 %int
}
; function %unsigned(f64) -> i32 system_v {
; block0(v0: f64):
;     v1 = fcvt_to_sint_sat.i64 v0
;     v2 = iconst.i64 0
;     v3 = iconst.i64 0xffff_ffff
;     v4 = icmp slt v1, v2  ; v2 = 0
;     v5 = select v4, v2, v1  ; v2 = 0
;     v6 = icmp sgt v5, v3  ; v3 = 0xffff_ffff
;     v7 = select v6, v3, v5  ; v3 = 0xffff_ffff
;     v8 = ireduce.i32 v7
;     return v8
; }

define i64 @unsigned_64(double %a) {
  %int = fptoui double %a to i64
  ret i64 %int
}
; function %unsigned_64(f64) -> i64 system_v {
; block0(v0: f64):
;     v1 = fcvt_to_uint_sat.i64 v0
;     return v1
; }

define i8 @byte(float %a) {
  %int = fptosi float %a to i8
  ret i8 %int
}
; function %byte(f32) -> i8 system_v {
; block0(v0: f32):
;     v1 = fcvt_to_sint_sat.i32 v0
;     v2 = iconst.i32 -128
;     v3 = iconst.i32 127
;     v4 = icmp slt v1, v2  ; v2 = -128
;     v5 = select v4, v2, v1  ; v2 = -128
;     v6 = icmp sgt v5, v3  ; v3 = 127
;     v7 = select v6, v3, v5  ; v3 = 127
;     v8 = ireduce.i8 v7
;     return v8
; }

define i128 @wide(float %a, double %b) {
  %signed = fptosi float %a to i128
  %unsigned = fptoui double %b to i128
  %sum = add i128 %signed, %unsigned
  ret i128 %sum
}
; function %wide(f32, f64) -> i128 system_v {
;     sig0 = (f32) -> i128 system_v
;     sig1 = (f64) -> i128 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is __fixsfti of the run-time library
;     fn1 = colocated u2:1 sig1 ; u2:1 is __fixunsdfti of the run-time library
;
; block0(v0: f32, v1: f64):
;     v2 = call fn0(v0)
;     v3 = call fn1(v1)
;     v4 = iadd v2, v3
;     return v4
; }
