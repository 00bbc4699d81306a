; Definitions that keep other registers, and conventions that Cranelift has not.

define coldcc void @cold() {
  ret void
}
; unsupported: definition with calling convention cold

define preserve_mostcc void @preserve_most() {
  ret void
}
; unsupported: calling convention 14

declare x86_vectorcallcc void @callee()

define void @vectorcall() {
  call x86_vectorcallcc void @callee()
  ret void
}
; unsupported: calling convention 80

define void @variadic(i32 %a, ...) {
  ret void
}
; unsupported: definition of a variadic function

define void @naked() naked {
  unreachable
}
; unsupported: naked function

define void @indirect_variadic(ptr %function) {
  call void (i32, ...) %function(i32 1, i32 2)
  ret void
}
; unsupported: indirect variadic call
