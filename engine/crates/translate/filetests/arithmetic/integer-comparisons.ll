; Every predicate of `icmp`.

define i1 @equal(i64 %a, i64 %b) {
  %is = icmp eq i64 %a, %b
  ret i1 %is
}
; function %equal(i64, i64) -> i8 system_v {
; block0(v0: i64, v1: i64):
;     v2 = icmp eq v0, v1
;     return v2
; }

define i1 @all(i32 %a, i32 %b) {
  %ne = icmp ne i32 %a, %b
  %ugt = icmp ugt i32 %a, %b
  %uge = icmp uge i32 %a, %b
  %ult = icmp ult i32 %a, %b
  %ule = icmp ule i32 %a, %b
  %sgt = icmp sgt i32 %a, %b
  %sge = icmp sge i32 %a, %b
  %slt = icmp slt i32 %a, %b
  %sle = icmp sle i32 %a, %b
  %1 = xor i1 %ne, %ugt
  %2 = xor i1 %1, %uge
  %3 = xor i1 %2, %ult
  %4 = xor i1 %3, %ule
  %5 = xor i1 %4, %sgt
  %6 = xor i1 %5, %sge
  %7 = xor i1 %6, %slt
  %8 = xor i1 %7, %sle
  ret i1 %8
}
; function %all(i32, i32) -> i8 system_v {
; block0(v0: i32, v1: i32):
;     v2 = icmp ne v0, v1
;     v3 = icmp ugt v0, v1
;     v4 = icmp uge v0, v1
;     v5 = icmp ult v0, v1
;     v6 = icmp ule v0, v1
;     v7 = icmp sgt v0, v1
;     v8 = icmp sge v0, v1
;     v9 = icmp slt v0, v1
;     v10 = icmp sle v0, v1
;     v11 = bxor v2, v3
;     v12 = bxor v11, v4
;     v13 = bxor v12, v5
;     v14 = bxor v13, v6
;     v15 = bxor v14, v7
;     v16 = bxor v15, v8
;     v17 = bxor v16, v9
;     v18 = bxor v17, v10
;     return v18
; }

define i1 @pointers(ptr %a) {
  %null = icmp eq ptr %a, null
  ret i1 %null
}
; function %pointers(i64) -> i8 system_v {
; block0(v0: i64):
;     v1 = iconst.i64 0
;     v2 = icmp eq v0, v1  ; v1 = 0
;     return v2
; }

define i1 @odd_widths(i7 %a, i7 %b) {
  %unsigned = icmp ult i7 %a, %b
  %signed = icmp slt i7 %a, %b
  %either = or i1 %unsigned, %signed
  ret i1 %either
}
; function %odd_widths(i8, i8) -> i8 system_v {
; block0(v0: i8, v1: i8):
;     v2 = iconst.i8 127
;     v3 = band v0, v2  ; v2 = 127
;     v4 = iconst.i8 127
;     v5 = band v1, v4  ; v4 = 127
;     v6 = icmp ult v3, v5
;     v7 = iconst.i8 1
;     v8 = ishl v3, v7  ; v7 = 1
;     v9 = iconst.i8 1
;     v10 = sshr v8, v9  ; v9 = 1
;     v11 = iconst.i8 1
;     v12 = ishl v5, v11  ; v11 = 1
;     v13 = iconst.i8 1
;     v14 = sshr v12, v13  ; v13 = 1
;     v15 = icmp slt v10, v14
;     v16 = bor v6, v15
;     return v16
; }

define i1 @wide(i128 %a, i128 %b) {
  %less = icmp slt i128 %a, %b
  ret i1 %less
}
; function %wide(i128, i128) -> i8 system_v {
; block0(v0: i128, v1: i128):
;     v2 = icmp slt v0, v1
;     return v2
; }
