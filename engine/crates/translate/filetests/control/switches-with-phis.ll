; An edge with values for phis gets a block of its own.

define i32 @values(i32 %a, i32 %x) {
entry:
  switch i32 %a, label %end [
    i32 7, label %end
    i32 1000, label %middle
  ]
middle:
  br label %end
end:
  %joined = phi i32 [ %x, %entry ], [ %x, %entry ], [ 3, %middle ]
  ret i32 %joined
}
; function %values(i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32):
;     v3 = iconst.i32 1000
;     v4 = icmp eq v0, v3  ; v3 = 1000
;     brif v4, block1, block4
;
; block4:
;     v5 = iconst.i32 7
;     v6 = icmp.i32 eq v0, v5  ; v5 = 7
;     brif v6, block3, block3
;
; block3:
;     jump block2(v1)
;
; block1:
;     v7 = iconst.i32 3
;     jump block2(v7)  ; v7 = 3
;
; block2(v2: i32):
;     return v2
; }
