; Arithmetic that reports overflow, in the widths that Cranelift has instructions for.

define { i32, i1 } @sums(i32 %a, i32 %b) {
  %1 = call { i32, i1 } @llvm.sadd.with.overflow.i32(i32 %a, i32 %b)
  %2 = extractvalue { i32, i1 } %1, 0
  %3 = call { i32, i1 } @llvm.uadd.with.overflow.i32(i32 %2, i32 %b)
  ret { i32, i1 } %3
}
; function %sums(i32, i32) -> i32, i8 system_v {
; block0(v0: i32, v1: i32):
;     v2, v3 = sadd_overflow v0, v1
;     v4, v5 = uadd_overflow v2, v1
;     return v4, v5
; }

define { i64, i1 } @differences(i64 %a, i64 %b) {
  %1 = call { i64, i1 } @llvm.ssub.with.overflow.i64(i64 %a, i64 %b)
  %2 = extractvalue { i64, i1 } %1, 0
  %3 = call { i64, i1 } @llvm.usub.with.overflow.i64(i64 %2, i64 %b)
  ret { i64, i1 } %3
}
; function %differences(i64, i64) -> i64, i8 system_v {
; block0(v0: i64, v1: i64):
;     v2, v3 = ssub_overflow v0, v1
;     v4, v5 = usub_overflow v2, v1
;     return v4, v5
; }

define { i8, i1 } @products(i8 %a, i8 %b) {
  %1 = call { i8, i1 } @llvm.smul.with.overflow.i8(i8 %a, i8 %b)
  %2 = extractvalue { i8, i1 } %1, 0
  %3 = call { i8, i1 } @llvm.umul.with.overflow.i8(i8 %2, i8 %b)
  ret { i8, i1 } %3
}
; function %products(i8, i8) -> i8, i8 system_v {
; block0(v0: i8, v1: i8):
;     v2, v3 = smul_overflow v0, v1
;     v4, v5 = umul_overflow v2, v1
;     return v4, v5
; }

declare { i32, i1 } @llvm.sadd.with.overflow.i32(i32, i32)
declare { i32, i1 } @llvm.uadd.with.overflow.i32(i32, i32)
declare { i64, i1 } @llvm.ssub.with.overflow.i64(i64, i64)
declare { i64, i1 } @llvm.usub.with.overflow.i64(i64, i64)
declare { i8, i1 } @llvm.smul.with.overflow.i8(i8, i8)
declare { i8, i1 } @llvm.umul.with.overflow.i8(i8, i8)
