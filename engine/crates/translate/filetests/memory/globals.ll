; Addresses of symbols come from the GOT; a constant expression is a symbol plus bytes.

@table = external global [4 x i32]
@here = internal constant i32 5

define i32 @load() {
  %a = load i32, ptr @table
  ret i32 %a
}
; function %load() -> i32 system_v {
;     gv0 = symbol userextname0 ; u0:0 is @table
;
; block0:
;     v0 = symbol_value.i64 gv0
;     v1 = load.i32 notrap aligned v0
;     return v1
; }

define ptr @inside() {
  ret ptr getelementptr (i8, ptr @table, i64 12)
}
; function %inside() -> i64 system_v {
;     gv0 = symbol userextname0 ; u0:0 is @table
;
; block0:
;     v0 = symbol_value.i64 gv0
;     v1 = iconst.i64 12
;     v2 = iadd v0, v1  ; v1 = 12
;     return v2
; }

define i64 @number() {
  ret i64 ptrtoint (ptr @here to i64)
}
; function %number() -> i64 system_v {
;     gv0 = symbol userextname0 ; u0:0 is @here
;
; block0:
;     v0 = symbol_value.i64 gv0
;     return v0
; }

define i64 @difference_from_itself() {
  ret i64 sub (i64 ptrtoint (ptr getelementptr (i8, ptr @table, i64 12) to i64), i64 ptrtoint (ptr @table to i64))
}
; function %difference_from_itself() -> i64 system_v {
; block0:
;     v0 = iconst.i64 12
;     return v0  ; v0 = 12
; }

define ptr @of_a_number() {
  ret ptr inttoptr (i64 4096 to ptr)
}
; function %of_a_number() -> i64 system_v {
; block0:
;     v0 = iconst.i64 4096
;     return v0  ; v0 = 4096
; }

define void @several(ptr %to) {
  store ptr @table, ptr %to
  store ptr @here, ptr %to
  store ptr @table, ptr %to
  store { ptr, i64 } { ptr @table, i64 4 }, ptr %to
  ret void
}
; function %several(i64) system_v {
;     gv0 = symbol userextname0 ; u0:0 is @table
;     gv1 = symbol userextname1 ; u0:1 is @here
;
; block0(v0: i64):
;     v1 = symbol_value.i64 gv0
;     store notrap aligned v1, v0
;     v2 = symbol_value.i64 gv1
;     store notrap aligned v2, v0
;     v3 = symbol_value.i64 gv0
;     store notrap aligned v3, v0
;     v4 = symbol_value.i64 gv0
;     v5 = iconst.i64 4
;     store notrap aligned v4, v0
;     store notrap aligned v5, v0+8  ; v5 = 4
;     return
; }
