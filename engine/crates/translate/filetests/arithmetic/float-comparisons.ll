; Every predicate of `fcmp`.

define i1 @ordered(double %a, double %b) {
  %oeq = fcmp oeq double %a, %b
  %ogt = fcmp ogt double %a, %b
  %oge = fcmp oge double %a, %b
  %olt = fcmp olt double %a, %b
  %ole = fcmp ole double %a, %b
  %one = fcmp one double %a, %b
  %ord = fcmp ord double %a, %b
  %1 = xor i1 %oeq, %ogt
  %2 = xor i1 %1, %oge
  %3 = xor i1 %2, %olt
  %4 = xor i1 %3, %ole
  %5 = xor i1 %4, %one
  %6 = xor i1 %5, %ord
  ret i1 %6
}
; function %ordered(f64, f64) -> i8 system_v {
; block0(v0: f64, v1: f64):
;     v2 = fcmp eq v0, v1
;     v3 = fcmp gt v0, v1
;     v4 = fcmp ge v0, v1
;     v5 = fcmp lt v0, v1
;     v6 = fcmp le v0, v1
;     v7 = fcmp one v0, v1
;     v8 = fcmp ord v0, v1
;     v9 = bxor v2, v3
;     v10 = bxor v9, v4
;     v11 = bxor v10, v5
;     v12 = bxor v11, v6
;     v13 = bxor v12, v7
;     v14 = bxor v13, v8
;     return v14
; }

define i1 @unordered(float %a, float %b) {
  %uno = fcmp uno float %a, %b
  %ueq = fcmp ueq float %a, %b
  %ugt = fcmp ugt float %a, %b
  %uge = fcmp uge float %a, %b
  %ult = fcmp ult float %a, %b
  %ule = fcmp ule float %a, %b
  %une = fcmp une float %a, %b
  %1 = xor i1 %uno, %ueq
  %2 = xor i1 %1, %ugt
  %3 = xor i1 %2, %uge
  %4 = xor i1 %3, %ult
  %5 = xor i1 %4, %ule
  %6 = xor i1 %5, %une
  ret i1 %6
}
; function %unordered(f32, f32) -> i8 system_v {
; block0(v0: f32, v1: f32):
;     v2 = fcmp uno v0, v1
;     v3 = fcmp ueq v0, v1
;     v4 = fcmp ugt v0, v1
;     v5 = fcmp uge v0, v1
;     v6 = fcmp ult v0, v1
;     v7 = fcmp ule v0, v1
;     v8 = fcmp ne v0, v1
;     v9 = bxor v2, v3
;     v10 = bxor v9, v4
;     v11 = bxor v10, v5
;     v12 = bxor v11, v6
;     v13 = bxor v12, v7
;     v14 = bxor v13, v8
;     return v14
; }

define i1 @constant(float %a) {
  %never = fcmp false float %a, %a
  %always = fcmp true float %a, %a
  %both = or i1 %never, %always
  ret i1 %both
}
; function %constant(f32) -> i8 system_v {
; block0(v0: f32):
;     v1 = iconst.i8 0
;     v2 = iconst.i8 1
;     v3 = bor v1, v2  ; v1 = 0, v2 = 1
;     return v3
; }
