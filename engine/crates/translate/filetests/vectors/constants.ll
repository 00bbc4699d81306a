; Constants of simple lanes are Cranelift constants; lanes that are addresses are joined.

@symbol = external global i8

define <4 x i32> @lanes() {
  ret <4 x i32> <i32 1, i32 2, i32 3, i32 undef>
}
; function %lanes() -> i32x4 system_v {
;     const0 = 0x00000000000000030000000200000001
;
; block0:
;     v0 = vconst.i32x4 const0
;     return v0  ; v0 = const0
; }

define <2 x double> @floats() {
  ret <2 x double> <double 1.0, double -0.0>
}
; function %floats() -> f64x2 system_v {
;     const0 = 0x80000000000000003ff0000000000000
;
; block0:
;     v0 = vconst.f64x2 const0
;     return v0  ; v0 = const0
; }

define <16 x i8> @zero() {
  ret <16 x i8> zeroinitializer
}
; function %zero() -> i8x16 system_v {
;     const0 = 0x00000000000000000000000000000000
;
; block0:
;     v0 = vconst.i8x16 const0
;     return v0  ; v0 = const0
; }

define <2 x ptr> @addresses() {
  ret <2 x ptr> <ptr @symbol, ptr null>
}
; function %addresses() -> i64x2 system_v {
;     ss0 = explicit_slot 16, align = 16
;     gv0 = symbol userextname0 ; u0:0 is @symbol
;
; block0:
;     v0 = symbol_value.i64 gv0
;     v1 = iconst.i64 0
;     v2 = stack_addr.i64 ss0
;     store notrap v0, v2
;     v3 = stack_addr.i64 ss0+8
;     store notrap v1, v3  ; v1 = 0
;     v4 = stack_addr.i64 ss0
;     v5 = load.i64x2 notrap v4
;     return v5
; }
