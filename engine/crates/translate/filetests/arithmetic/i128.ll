; 128-bit integers: Cranelift's own instructions, but for division, which is the run-time library's.

define i128 @sums(i128 %a, i128 %b) {
  %sum = add i128 %a, %b
  %difference = sub i128 %sum, 5
  %product = mul i128 %difference, %b
  ret i128 %product
}
; function %sums(i128, i128) -> i128 system_v {
; block0(v0: i128, v1: i128):
;     v2 = iadd v0, v1
;     v3 = iconst.i64 5
;     v4 = iconst.i64 0
;     v5 = iconcat v3, v4  ; v3 = 5, v4 = 0
;     v6 = isub v2, v5
;     v7 = imul v6, v1
;     return v7
; }

define i128 @shifts(i128 %a, i128 %by) {
  %up = shl i128 %a, %by
  %down = lshr i128 %up, 70
  %signed = ashr i128 %down, %by
  ret i128 %signed
}
; function %shifts(i128, i128) -> i128 system_v {
; block0(v0: i128, v1: i128):
;     v2 = ireduce.i64 v1
;     v3 = ishl v0, v2
;     v4 = iconst.i64 70
;     v5 = iconst.i64 0
;     v6 = iconcat v4, v5  ; v4 = 70, v5 = 0
;     v7 = ireduce.i64 v6
;     v8 = ushr v3, v7
;     v9 = ireduce.i64 v1
;     v10 = sshr v8, v9
;     return v10
; }

define i128 @quotients(i128 %a, i128 %b) {
  %signed = sdiv i128 %a, %b
  %rest = srem i128 %signed, %b
  %unsigned = udiv i128 %rest, %b
  %last = urem i128 %unsigned, %b
  ret i128 %last
}
; function %quotients(i128, i128) -> i128 system_v {
;     sig0 = (i128, i128) -> i128 system_v
;     fn0 = colocated u2:0 sig0 ; u2:0 is __divti3 of the run-time library
;     fn1 = colocated u2:1 sig0 ; u2:1 is __modti3 of the run-time library
;     fn2 = colocated u2:2 sig0 ; u2:2 is __udivti3 of the run-time library
;     fn3 = colocated u2:3 sig0 ; u2:3 is __umodti3 of the run-time library
;
; block0(v0: i128, v1: i128):
;     v2 = call fn0(v0, v1)
;     v3 = call fn1(v2, v1)
;     v4 = call fn2(v3, v1)
;     v5 = call fn3(v4, v1)
;     return v5
; }

define i128 @constant() {
  ret i128 -170141183460469231731687303715884105728
}
; function %constant() -> i128 system_v {
; block0:
;     v0 = iconst.i64 0
;     v1 = iconst.i64 -9223372036854775808
;     v2 = iconcat v0, v1  ; v0 = 0, v1 = -9223372036854775808
;     return v2
; }
