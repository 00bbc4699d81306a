; `zeroext` and `signext` widen to a register's lower half; without them the upper bits may be anything.

declare zeroext i1 @flag(i1 zeroext, i8 signext)
declare i7 @odd(i7 signext)

define zeroext i1 @flags(i1 zeroext %a, i8 signext %b) {
  %c = call zeroext i1 @flag(i1 zeroext %a, i8 signext %b)
  ret i1 %c
}
; function %flags(i8 uext, i8 sext) -> i8 uext system_v {
;     sig0 = (i8 uext, i8 sext) -> i8 uext system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @flag
;
; block0(v0: i8, v1: i8):
;     v2 = iconst.i8 1
;     v3 = band v0, v2  ; v2 = 1
;     v4 = call fn0(v3, v1)
;     v5 = iconst.i8 1
;     v6 = band v4, v5  ; v5 = 1
;     return v6
; }

define signext i7 @odd_widths(i7 %a) {
  %b = call i7 @odd(i7 signext %a)
  ret i7 %b
}
; function %odd_widths(i8) -> i8 sext system_v {
;     sig0 = (i8 sext) -> i8 system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @odd
;
; block0(v0: i8):
;     v1 = iconst.i8 127
;     v2 = band v0, v1  ; v1 = 127
;     v3 = iconst.i8 1
;     v4 = ishl v2, v3  ; v3 = 1
;     v5 = iconst.i8 1
;     v6 = sshr v4, v5  ; v5 = 1
;     v7 = call fn0(v6)
;     v8 = iconst.i8 127
;     v9 = band v7, v8  ; v8 = 127
;     v10 = iconst.i8 1
;     v11 = ishl v9, v10  ; v10 = 1
;     v12 = iconst.i8 1
;     v13 = sshr v11, v12  ; v12 = 1
;     return v13
; }

define i16 @none(i16 %a, i24 %b) {
  %c = trunc i24 %b to i16
  %d = add i16 %a, %c
  ret i16 %d
}
; function %none(i16, i32) -> i16 system_v {
; block0(v0: i16, v1: i32):
;     v2 = iconst.i32 0x00ff_ffff
;     v3 = band v1, v2  ; v2 = 0x00ff_ffff
;     v4 = ireduce.i16 v3
;     v5 = iadd v0, v4
;     return v5
; }
