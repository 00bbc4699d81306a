; Integers that do not fill a type are accessed in pieces: never a byte more than LLVM would.

define void @three_bytes(ptr %from, ptr %to) {
  %a = load i24, ptr %from, align 4
  store i24 %a, ptr %to, align 1
  ret void
}
; function %three_bytes(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i16 notrap aligned v0
;     v3 = uextend.i32 v2
;     v4 = load.i8 notrap aligned v0+2
;     v5 = uextend.i32 v4
;     v6 = iconst.i32 16
;     v7 = ishl v5, v6  ; v6 = 16
;     v8 = bor v3, v7
;     v9 = ireduce.i16 v8
;     store notrap v9, v1
;     v10 = iconst.i32 16
;     v11 = ushr v8, v10  ; v10 = 16
;     v12 = ireduce.i8 v11
;     store notrap aligned v12, v1+2
;     return
; }

define void @seven_bytes(ptr %from, ptr %to) {
  %a = load i56, ptr %from, align 8
  store i56 %a, ptr %to, align 8
  ret void
}
; function %seven_bytes(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i32 notrap aligned v0
;     v3 = uextend.i64 v2
;     v4 = load.i16 notrap aligned v0+4
;     v5 = uextend.i64 v4
;     v6 = iconst.i64 32
;     v7 = ishl v5, v6  ; v6 = 32
;     v8 = bor v3, v7
;     v9 = load.i8 notrap aligned v0+6
;     v10 = uextend.i64 v9
;     v11 = iconst.i64 48
;     v12 = ishl v10, v11  ; v11 = 48
;     v13 = bor v8, v12
;     v14 = ireduce.i32 v13
;     store notrap aligned v14, v1
;     v15 = iconst.i64 32
;     v16 = ushr v13, v15  ; v15 = 32
;     v17 = ireduce.i16 v16
;     store notrap aligned v17, v1+4
;     v18 = iconst.i64 48
;     v19 = ushr v13, v18  ; v18 = 48
;     v20 = ireduce.i8 v19
;     store notrap aligned v20, v1+6
;     return
; }

define void @bits(ptr %from, ptr %to) {
  %a = load i1, ptr %from
  store i1 %a, ptr %to
  %b = load i20, ptr %from
  store i20 %b, ptr %to
  ret void
}
; function %bits(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i8 notrap aligned v0
;     v3 = iconst.i8 1
;     v4 = band v2, v3  ; v3 = 1
;     store notrap aligned v4, v1
;     v5 = load.i16 notrap aligned v0
;     v6 = uextend.i32 v5
;     v7 = load.i8 notrap aligned v0+2
;     v8 = uextend.i32 v7
;     v9 = iconst.i32 16
;     v10 = ishl v8, v9  ; v9 = 16
;     v11 = bor v6, v10
;     v12 = iconst.i32 0x000f_ffff
;     v13 = band v11, v12  ; v12 = 0x000f_ffff
;     v14 = ireduce.i16 v13
;     store notrap aligned v14, v1
;     v15 = iconst.i32 16
;     v16 = ushr v13, v15  ; v15 = 16
;     v17 = ireduce.i8 v16
;     store notrap aligned v17, v1+2
;     return
; }

define void @ten_bytes(ptr %from, ptr %to) {
  %a = load i80, ptr %from, align 16
  store i80 %a, ptr %to, align 16
  ret void
}
; function %ten_bytes(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i64 notrap aligned v0
;     v3 = uextend.i128 v2
;     v4 = load.i16 notrap aligned v0+8
;     v5 = uextend.i128 v4
;     v6 = iconst.i64 64
;     v7 = uextend.i128 v6  ; v6 = 64
;     v8 = ishl v5, v7
;     v9 = bor v3, v8
;     v10 = ireduce.i64 v9
;     store notrap aligned v10, v1
;     v11 = iconst.i64 64
;     v12 = uextend.i128 v11  ; v11 = 64
;     v13 = ushr v9, v12
;     v14 = ireduce.i16 v13
;     store notrap aligned v14, v1+8
;     return
; }
