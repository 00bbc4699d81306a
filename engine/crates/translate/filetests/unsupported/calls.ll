; Calls that promise or demand what a Cranelift call does not.

declare void @callee(i32)
declare void @twice() returns_twice

define void @musttail(i32 %a) {
  musttail call void @callee(i32 %a)
  ret void
}
; unsupported: musttail call

define void @bundle() {
  call void @callee(i32 1) [ "deopt"(i32 1) ]
  ret void
}
; unsupported: operand bundle "deopt"

define void @attribute() {
  call void @twice() returns_twice
  ret void
}
; unsupported: call with function attribute returns_twice
