; Integers of other widths: unused bits are zero, so whatever could set them clears them again, and signed operations
; extend their operands first.

define void @sums(ptr %out, i7 %a, i7 %b) {
  %sum = add i7 %a, %b
  store i7 %sum, ptr %out
  ret void
}
; function %sums(i64, i8, i8) system_v {
; block0(v0: i64, v1: i8, v2: i8):
;     v3 = iconst.i8 127
;     v4 = band v1, v3  ; v3 = 127
;     v5 = iconst.i8 127
;     v6 = band v2, v5  ; v5 = 127
;     v7 = iadd v4, v6
;     v8 = iconst.i8 127
;     v9 = band v7, v8  ; v8 = 127
;     store notrap aligned v9, v0
;     return
; }

define void @differences(ptr %out, i24 %a, i24 %b) {
  %difference = sub i24 %a, %b
  store i24 %difference, ptr %out
  ret void
}
; function %differences(i64, i32, i32) system_v {
; block0(v0: i64, v1: i32, v2: i32):
;     v3 = iconst.i32 0x00ff_ffff
;     v4 = band v1, v3  ; v3 = 0x00ff_ffff
;     v5 = iconst.i32 0x00ff_ffff
;     v6 = band v2, v5  ; v5 = 0x00ff_ffff
;     v7 = isub v4, v6
;     v8 = iconst.i32 0x00ff_ffff
;     v9 = band v7, v8  ; v8 = 0x00ff_ffff
;     v10 = ireduce.i16 v9
;     store notrap aligned v10, v0
;     v11 = iconst.i32 16
;     v12 = ushr v9, v11  ; v11 = 16
;     v13 = ireduce.i8 v12
;     store notrap aligned v13, v0+2
;     return
; }

define i33 @products(i33 %a, i33 %b) {
  %product = mul i33 %a, %b
  ret i33 %product
}
; function %products(i64, i64) -> i64 system_v {
; block0(v0: i64, v1: i64):
;     v2 = iconst.i64 0x0001_ffff_ffff
;     v3 = band v0, v2  ; v2 = 0x0001_ffff_ffff
;     v4 = iconst.i64 0x0001_ffff_ffff
;     v5 = band v1, v4  ; v4 = 0x0001_ffff_ffff
;     v6 = imul v3, v5
;     v7 = iconst.i64 0x0001_ffff_ffff
;     v8 = band v6, v7  ; v7 = 0x0001_ffff_ffff
;     return v8
; }

define i24 @signed_quotient(i24 %a, i24 %b) {
  %quotient = sdiv i24 %a, %b
  ret i24 %quotient
}
; function %signed_quotient(i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32):
;     v2 = iconst.i32 0x00ff_ffff
;     v3 = band v0, v2  ; v2 = 0x00ff_ffff
;     v4 = iconst.i32 0x00ff_ffff
;     v5 = band v1, v4  ; v4 = 0x00ff_ffff
;     v6 = iconst.i32 8
;     v7 = ishl v3, v6  ; v6 = 8
;     v8 = iconst.i32 8
;     v9 = sshr v7, v8  ; v8 = 8
;     v10 = iconst.i32 8
;     v11 = ishl v5, v10  ; v10 = 8
;     v12 = iconst.i32 8
;     v13 = sshr v11, v12  ; v12 = 8
;     v14 = sdiv v9, v13
;     v15 = iconst.i32 0x00ff_ffff
;     v16 = band v14, v15  ; v15 = 0x00ff_ffff
;     return v16
; }

define i24 @unsigned_quotient(i24 %a, i24 %b) {
  %quotient = udiv i24 %a, %b
  ret i24 %quotient
}
; function %unsigned_quotient(i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32):
;     v2 = iconst.i32 0x00ff_ffff
;     v3 = band v0, v2  ; v2 = 0x00ff_ffff
;     v4 = iconst.i32 0x00ff_ffff
;     v5 = band v1, v4  ; v4 = 0x00ff_ffff
;     v6 = udiv v3, v5
;     return v6
; }

define i7 @shifted(i7 %a) {
  %up = shl i7 %a, 2
  %down = lshr i7 %up, 1
  %signed = ashr i7 %down, 1
  ret i7 %signed
}
; function %shifted(i8) -> i8 system_v {
; block0(v0: i8):
;     v1 = iconst.i8 127
;     v2 = band v0, v1  ; v1 = 127
;     v3 = iconst.i8 2
;     v4 = ishl v2, v3  ; v3 = 2
;     v5 = iconst.i8 127
;     v6 = band v4, v5  ; v5 = 127
;     v7 = iconst.i8 1
;     v8 = ushr v6, v7  ; v7 = 1
;     v9 = iconst.i8 1
;     v10 = iconst.i8 1
;     v11 = ishl v8, v10  ; v10 = 1
;     v12 = iconst.i8 1
;     v13 = sshr v11, v12  ; v12 = 1
;     v14 = sshr v13, v9  ; v9 = 1
;     v15 = iconst.i8 127
;     v16 = band v14, v15  ; v15 = 127
;     return v16
; }

define i12 @bits(i12 %a, i12 %b) {
  %and = and i12 %a, %b
  %or = or i12 %and, 5
  %not = xor i12 %or, -1
  ret i12 %not
}
; function %bits(i16, i16) -> i16 system_v {
; block0(v0: i16, v1: i16):
;     v2 = iconst.i16 4095
;     v3 = band v0, v2  ; v2 = 4095
;     v4 = iconst.i16 4095
;     v5 = band v1, v4  ; v4 = 4095
;     v6 = band v3, v5
;     v7 = iconst.i16 5
;     v8 = bor v6, v7  ; v7 = 5
;     v9 = iconst.i16 4095
;     v10 = bxor v8, v9  ; v9 = 4095
;     return v10
; }
