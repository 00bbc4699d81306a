; Calls through a pointer, of a variable, and of an address as a value.

declare void @callee(ptr)

define i64 @through_a_pointer(ptr %function, i64 %a) {
  %b = call i64 %function(i64 %a)
  ret i64 %b
}
; function %through_a_pointer(i64, i64) -> i64 system_v {
;     sig0 = (i64) -> i64 system_v
;
; block0(v0: i64, v1: i64):
;     v2 = call_indirect sig0, v0(v1)
;     return v2
; }

define void @address_as_an_argument() {
  call void @callee(ptr @callee)
  ret void
}
; function %address_as_an_argument() system_v {
;     gv0 = symbol userextname0 ; u0:0 is @callee
;     sig0 = (i64) system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @callee
;
; block0:
;     v0 = symbol_value.i64 gv0
;     call fn0(v0)
;     return
; }

define void @null() {
  call void null()
  ret void
}
; function %null() system_v {
;     sig0 = () system_v
;
; block0:
;     v0 = iconst.i64 0
;     call_indirect sig0, v0()  ; v0 = 0
;     return
; }
