; `byval` copies to the stack, in whole words: what ends inside one is copied to where it may be read to the end first.

declare void @words(ptr byval([24 x i8]) align 8)
declare void @bytes(i32, ptr byval([13 x i8]) align 8)

define void @whole_words(ptr %from) {
  call void @words(ptr byval([24 x i8]) align 8 %from)
  ret void
}
; function %whole_words(i64) system_v {
;     sig0 = (i64 sarg(24)) system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @words
;
; block0(v0: i64):
;     call fn0(v0)
;     return
; }

define void @broken_word(ptr %from) {
  call void @bytes(i32 1, ptr byval([13 x i8]) align 8 %from)
  ret void
}
; function %broken_word(i64) system_v {
;     ss0 = explicit_slot 16, align = 8
;     sig0 = (i32, i64 sarg(16)) system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @bytes
;
; block0(v0: i64):
;     v1 = iconst.i32 1
;     v2 = stack_addr.i64 ss0
;     v3 = load.i64 notrap v0
;     v4 = load.i32 notrap v0+8
;     v5 = load.i8 notrap v0+12
;     store notrap v3, v2
;     store notrap v4, v2+8
;     store notrap v5, v2+12
;     call fn0(v1, v2)  ; v1 = 1
;     return
; }

define i64 @parameter(ptr byval({ i64, i64 }) align 8 %a) {
  %first = load i64, ptr %a
  ret i64 %first
}
; function %parameter(i64 sarg(16)) -> i64 system_v {
; block0(v0: i64):
;     v1 = load.i64 notrap aligned v0
;     return v1
; }
