; Addresses of thread-locals are Cranelift's `tls_value`.

@local = thread_local global i32 0
@constant = external thread_local global i64

define ptr @address() {
  %address = call ptr @llvm.threadlocal.address.p0(ptr @local)
  ret ptr %address
}
; function %address() -> i64 system_v {
;     gv0 = symbol tls userextname0 ; u0:0 is @local
;
; block0:
;     v0 = tls_value.i64 gv0
;     return v0
; }

define i64 @direct() {
  %a = load i64, ptr @constant
  ret i64 %a
}
; function %direct() -> i64 system_v {
;     gv0 = symbol tls userextname0 ; u0:0 is @constant
;
; block0:
;     v0 = tls_value.i64 gv0
;     v1 = load.i64 notrap aligned v0
;     return v1
; }

declare ptr @llvm.threadlocal.address.p0(ptr)
