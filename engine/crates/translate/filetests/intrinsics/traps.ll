; A trap ends a block; what follows it is not reached.

define i32 @trap(i32 %a) {
  call void @llvm.trap()
  ret i32 %a
}
; function %trap(i32) -> i32 system_v {
; block0(v0: i32):
;     trap user1
;
; block1:
;     return v0
; }

define void @for_a_debugger() {
  call void @llvm.debugtrap()
  ret void
}
; function %for_a_debugger() system_v {
; block0:
;     debugtrap
;     return
; }

declare void @llvm.trap()
declare void @llvm.debugtrap()
