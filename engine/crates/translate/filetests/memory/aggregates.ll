; Aggregates are accessed field by field; padding and undefined fields are not touched.

define void @padded(ptr %from, ptr %to) {
  %a = load { i8, i64, i16 }, ptr %from, align 8
  store { i8, i64, i16 } %a, ptr %to, align 8
  ret void
}
; function %padded(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i8 notrap aligned v0
;     v3 = load.i64 notrap aligned v0+8
;     v4 = load.i16 notrap aligned v0+16
;     store notrap aligned v2, v1
;     store notrap aligned v3, v1+8
;     store notrap aligned v4, v1+16
;     return
; }

define void @packed(ptr %from, ptr %to) {
  %a = load <{ i8, i64 }>, ptr %from, align 1
  store <{ i8, i64 }> %a, ptr %to, align 1
  ret void
}
; function %packed(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i8 notrap aligned v0
;     v3 = load.i64 notrap v0+1
;     store notrap aligned v2, v1
;     store notrap v3, v1+1
;     return
; }

define void @arrays(ptr %from, ptr %to) {
  %a = load [3 x i16], ptr %from, align 2
  store [3 x i16] %a, ptr %to, align 2
  ret void
}
; function %arrays(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i16 notrap aligned v0
;     v3 = load.i16 notrap aligned v0+2
;     v4 = load.i16 notrap aligned v0+4
;     store notrap aligned v2, v1
;     store notrap aligned v3, v1+2
;     store notrap aligned v4, v1+4
;     return
; }

define void @partly_undefined(ptr %to, i64 %a) {
  %pair = insertvalue { i64, i64 } undef, i64 %a, 1
  store { i64, i64 } %pair, ptr %to, align 8
  ret void
}
; function %partly_undefined(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     store notrap aligned v1, v0+8
;     return
; }

define void @nested(ptr %to) {
  store { i8, { i32, [2 x i8] } } { i8 1, { i32, [2 x i8] } { i32 2, [2 x i8] c"\03\04" } }, ptr %to
  ret void
}
; function %nested(i64) system_v {
; block0(v0: i64):
;     v1 = iconst.i8 1
;     v2 = iconst.i32 2
;     v3 = iconst.i8 3
;     v4 = iconst.i8 4
;     store notrap aligned v1, v0  ; v1 = 1
;     store notrap aligned v2, v0+4  ; v2 = 2
;     store notrap aligned v3, v0+8  ; v3 = 3
;     store notrap aligned v4, v0+9  ; v4 = 4
;     return
; }
