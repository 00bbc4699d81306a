; Masks, relative addresses, and the frame's own.

define ptr @masked(ptr %a, i64 %mask) {
  %b = call ptr @llvm.ptrmask.p0.i64(ptr %a, i64 %mask)
  ret ptr %b
}
; function %masked(i64, i64) -> i64 system_v {
; block0(v0: i64, v1: i64):
;     v2 = band v0, v1
;     return v2
; }

define ptr @relative(ptr %table, i32 %offset) {
  %a = call ptr @llvm.load.relative.i32(ptr %table, i32 %offset)
  ret ptr %a
}
; function %relative(i64, i32) -> i64 system_v {
; block0(v0: i64, v1: i32):
;     v2 = sextend.i64 v1
;     v3 = iadd v0, v2
;     v4 = load.i32 notrap v3
;     v5 = sextend.i64 v4
;     v6 = iadd v0, v5
;     return v6
; }

define ptr @frame() {
  %return = call ptr @llvm.returnaddress(i32 0)
  %frame = call ptr @llvm.frameaddress.p0(i32 0)
  %above = icmp ugt ptr %return, %frame
  %either = select i1 %above, ptr %return, ptr %frame
  ret ptr %either
}
; function %frame() -> i64 system_v {
; block0:
;     v0 = get_return_address.i64
;     v1 = get_frame_pointer.i64
;     v2 = icmp ugt v0, v1
;     v3 = select v2, v0, v1
;     return v3
; }

declare ptr @llvm.ptrmask.p0.i64(ptr, i64)
declare ptr @llvm.load.relative.i32(ptr, i32)
declare ptr @llvm.returnaddress(i32)
declare ptr @llvm.frameaddress.p0(i32)
