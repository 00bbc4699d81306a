; Conditional and unconditional branches; blocks come out in reverse post-order.

define i32 @choose(i1 %which, i32 %a, i32 %b) {
entry:
  br i1 %which, label %yes, label %no
no:
  br label %end
yes:
  %more = add i32 %a, 1
  ret i32 %more
end:
  ret i32 %b
}
; function %choose(i8, i32, i32) -> i32 system_v {
; block0(v0: i8, v1: i32, v2: i32):
;     v3 = iconst.i8 1
;     v4 = band v0, v3  ; v3 = 1
;     brif v4, block1, block2
;
; block1:
;     v5 = iconst.i32 1
;     v6 = iadd.i32 v1, v5  ; v5 = 1
;     return v6
;
; block2:
;     jump block3
;
; block3:
;     return v2
; }

define void @forever() {
entry:
  br label %again
again:
  br label %again
}
; function %forever() system_v {
; block0:
;     jump block1
;
; block1:
;     jump block1
; }

define void @compared(i32 %a, ptr %out) {
entry:
  %small = icmp ult i32 %a, 10
  br i1 %small, label %then, label %end
then:
  store i32 %a, ptr %out
  br label %end
end:
  ret void
}
; function %compared(i32, i64) system_v {
; block0(v0: i32, v1: i64):
;     v2 = iconst.i32 10
;     v3 = icmp ult v0, v2  ; v2 = 10
;     brif v3, block1, block2
;
; block1:
;     store.i32 notrap aligned v0, v1
;     jump block2
;
; block2:
;     return
; }
