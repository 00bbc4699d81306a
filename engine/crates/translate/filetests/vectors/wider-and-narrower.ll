; Vectors of several registers are several values; what fills no register is one lane a value.

define void @wider(ptr %from, ptr %to) {
  %a = load <8 x i32>, ptr %from, align 32
  %b = add <8 x i32> %a, %a
  store <8 x i32> %b, ptr %to, align 32
  ret void
}
; function %wider(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i32x4 notrap aligned v0
;     v3 = load.i32x4 notrap aligned v0+16
;     v4 = iadd v2, v2
;     v5 = iadd v3, v3
;     store notrap aligned v4, v1
;     store notrap aligned v5, v1+16
;     return
; }

define void @narrower(ptr %from, ptr %to) {
  %a = load <3 x i16>, ptr %from, align 8
  %b = sub <3 x i16> %a, <i16 1, i16 2, i16 3>
  store <3 x i16> %b, ptr %to, align 8
  ret void
}
; function %narrower(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i16 notrap aligned v0
;     v3 = load.i16 notrap aligned v0+2
;     v4 = load.i16 notrap aligned v0+4
;     v5 = iconst.i16 1
;     v6 = iconst.i16 2
;     v7 = iconst.i16 3
;     v8 = isub v2, v5  ; v5 = 1
;     v9 = isub v3, v6  ; v6 = 2
;     v10 = isub v4, v7  ; v7 = 3
;     store notrap aligned v8, v1
;     store notrap aligned v9, v1+2
;     store notrap aligned v10, v1+4
;     return
; }
