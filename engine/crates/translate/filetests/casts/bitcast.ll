; The same bits as another type: a move between registers, or through memory where Cranelift has none.

define i32 @float_to_bits(float %a) {
  %bits = bitcast float %a to i32
  ret i32 %bits
}
; function %float_to_bits(f32) -> i32 system_v {
; block0(v0: f32):
;     v1 = bitcast.i32 v0
;     return v1
; }

define double @bits_to_float(i64 %a) {
  %float = bitcast i64 %a to double
  ret double %float
}
; function %bits_to_float(i64) -> f64 system_v {
; block0(v0: i64):
;     v1 = bitcast.f64 v0
;     return v1
; }

define <4 x i32> @lanes(<2 x i64> %a) {
  %other = bitcast <2 x i64> %a to <4 x i32>
  ret <4 x i32> %other
}
; function %lanes(i64x2) -> i32x4 system_v {
; block0(v0: i64x2):
;     v1 = bitcast.i32x4 little v0
;     return v1
; }

define i128 @vector_to_integer(<16 x i8> %a) {
  %int = bitcast <16 x i8> %a to i128
  ret i128 %int
}
; function %vector_to_integer(i8x16) -> i128 system_v {
;     ss0 = explicit_slot 16, align = 16
;
; block0(v0: i8x16):
;     v1 = stack_addr.i64 ss0
;     store notrap aligned v0, v1
;     v2 = load.i128 notrap aligned v1
;     return v2
; }

define i64 @small_vector(<2 x i64> %a) {
  %half = extractelement <2 x i64> %a, i32 0
  %lanes = bitcast i64 %half to <2 x i32>
  %swapped = shufflevector <2 x i32> %lanes, <2 x i32> poison, <2 x i32> <i32 1, i32 0>
  %back = bitcast <2 x i32> %swapped to i64
  ret i64 %back
}
; function %small_vector(i64x2) -> i64 system_v {
;     ss0 = explicit_slot 8, align = 16
;     ss1 = explicit_slot 8, align = 16
;
; block0(v0: i64x2):
;     v1 = extractlane v0, 0
;     v2 = stack_addr.i64 ss0
;     store notrap aligned v1, v2
;     v3 = load.i32 notrap aligned v2
;     v4 = load.i32 notrap aligned v2+4
;     v5 = iconst.i32 0
;     v6 = stack_addr.i64 ss1
;     store notrap aligned v4, v6
;     store notrap aligned v3, v6+4
;     v7 = load.i64 notrap aligned v6
;     return v7
; }
