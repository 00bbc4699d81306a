; Every leaf of a first-class aggregate is an argument, or a result, of its own.

declare { i64, i64 } @pair({ ptr, i64 })
declare { double, i32 } @mixed({ float, i8 }, [2 x i32])

define { i64, i64 } @pairs(ptr %data, i64 %length) {
  %1 = insertvalue { ptr, i64 } poison, ptr %data, 0
  %2 = insertvalue { ptr, i64 } %1, i64 %length, 1
  %3 = call { i64, i64 } @pair({ ptr, i64 } %2)
  ret { i64, i64 } %3
}
; function %pairs(i64, i64) -> i64, i64 system_v {
;     sig0 = (i64, i64) -> i64, i64 system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @pair
;
; block0(v0: i64, v1: i64):
;     v2, v3 = call fn0(v0, v1)
;     return v2, v3
; }

define i32 @mixed_leaves({ float, i8 } %a, [2 x i32] %b) {
  %1 = call { double, i32 } @mixed({ float, i8 } %a, [2 x i32] %b)
  %2 = extractvalue { double, i32 } %1, 1
  ret i32 %2
}
; function %mixed_leaves(f32, i8, i32, i32) -> i32 system_v {
;     sig0 = (f32, i8, i32, i32) -> f64, i32 system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @mixed
;
; block0(v0: f32, v1: i8, v2: i32, v3: i32):
;     v4, v5 = call fn0(v0, v1, v2, v3)
;     return v5
; }

define { i64, i64, i64 } @three_registers(i64 %a) {
  %1 = insertvalue { i64, i64, i64 } zeroinitializer, i64 %a, 2
  ret { i64, i64, i64 } %1
}
; function %three_registers(i64) -> i64, i64, i64 system_v {
; block0(v0: i64):
;     v1 = iconst.i64 0
;     v2 = iconst.i64 0
;     v3 = iconst.i64 0
;     return v1, v2, v0  ; v1 = 0, v2 = 0
; }
