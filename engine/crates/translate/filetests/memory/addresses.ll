; Address arithmetic: constants are added once, indices are sign-extended and scaled.

define ptr @constant(ptr %base) {
  %at = getelementptr { i8, i32, [4 x i64] }, ptr %base, i64 1, i32 2, i64 3
  ret ptr %at
}
; function %constant(i64) -> i64 system_v {
; block0(v0: i64):
;     v1 = iconst.i64 72
;     v2 = iadd v0, v1  ; v1 = 72
;     return v2
; }

define ptr @negative(ptr %base) {
  %at = getelementptr inbounds i32, ptr %base, i64 -1
  ret ptr %at
}
; function %negative(i64) -> i64 system_v {
; block0(v0: i64):
;     v1 = iconst.i64 -4
;     v2 = iadd v0, v1  ; v1 = -4
;     return v2
; }

define ptr @index(ptr %base, i64 %index) {
  %at = getelementptr inbounds i32, ptr %base, i64 %index
  ret ptr %at
}
; function %index(i64, i64) -> i64 system_v {
; block0(v0: i64, v1: i64):
;     v2 = iconst.i64 2
;     v3 = ishl v1, v2  ; v2 = 2
;     v4 = iadd v0, v3
;     return v4
; }

define ptr @narrow_index(ptr %base, i32 %index) {
  %at = getelementptr i8, ptr %base, i32 %index
  ret ptr %at
}
; function %narrow_index(i64, i32) -> i64 system_v {
; block0(v0: i64, v1: i32):
;     v2 = sextend.i64 v1
;     v3 = iadd v0, v2
;     return v3
; }

define ptr @scaled(ptr %base, i64 %index, i64 %field) {
  %at = getelementptr { i64, [3 x i32] }, ptr %base, i64 %index, i32 1, i64 %field
  ret ptr %at
}
; function %scaled(i64, i64, i64) -> i64 system_v {
; block0(v0: i64, v1: i64, v2: i64):
;     v3 = iconst.i64 24
;     v4 = imul v1, v3  ; v3 = 24
;     v5 = iadd v0, v4
;     v6 = iconst.i64 2
;     v7 = ishl v2, v6  ; v6 = 2
;     v8 = iadd v5, v7
;     v9 = iconst.i64 8
;     v10 = iadd v8, v9  ; v9 = 8
;     return v10
; }

define ptr @nothing(ptr %base) {
  %at = getelementptr i32, ptr %base, i64 0
  ret ptr %at
}
; function %nothing(i64) -> i64 system_v {
; block0(v0: i64):
;     return v0
; }
