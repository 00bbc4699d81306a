; Variadic callees have a namespace of their own, as callers say how many vector registers they use.

declare i32 @printf(ptr, ...)

define i32 @call(ptr %format, i32 %a, double %b) {
  %count = call i32 (ptr, ...) @printf(ptr %format, i32 %a, double %b)
  ret i32 %count
}
; function %call(i64, i32, f64) -> i32 system_v {
;     sig0 = (i64, i32, f64) -> i32 system_v
;     fn0 = colocated u1:0 sig0 ; u1:0 is @printf, variadic
;
; block0(v0: i64, v1: i32, v2: f64):
;     v3 = call fn0(v0, v1, v2)
;     return v3
; }
