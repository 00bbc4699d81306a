; Phis are parameters of their block.

define i64 @sum(i64 %count) {
entry:
  br label %loop
loop:
  %index = phi i64 [ 0, %entry ], [ %next, %loop ]
  %total = phi i64 [ 0, %entry ], [ %more, %loop ]
  %more = add i64 %total, %index
  %next = add i64 %index, 1
  %done = icmp eq i64 %next, %count
  br i1 %done, label %end, label %loop
end:
  ret i64 %more
}
; function %sum(i64) -> i64 system_v {
; block0(v0: i64):
;     v3 = iconst.i64 0
;     v4 = iconst.i64 0
;     jump block1(v3, v4)  ; v3 = 0, v4 = 0
;
; block1(v1: i64, v2: i64):
;     v5 = iadd v2, v1
;     v6 = iconst.i64 1
;     v7 = iadd v1, v6  ; v6 = 1
;     v8 = icmp eq v7, v0
;     brif v8, block2, block1(v7, v5)
;
; block2:
;     return v5
; }

define i32 @swap(i32 %count, i32 %x, i32 %y) {
entry:
  br label %loop
loop:
  %left = phi i32 [ %x, %entry ], [ %right, %loop ]
  %right = phi i32 [ %y, %entry ], [ %left, %loop ]
  %left_small = icmp ult i32 %left, %count
  br i1 %left_small, label %loop, label %end
end:
  ret i32 %left
}
; function %swap(i32, i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32, v2: i32):
;     jump block1(v1, v2)
;
; block1(v3: i32, v4: i32):
;     v5 = icmp ult v3, v0
;     brif v5, block1(v4, v3), block2
;
; block2:
;     return v3
; }

define { i64, i1 } @aggregates(i1 %which, { i64, i1 } %a) {
entry:
  br i1 %which, label %left, label %right
left:
  br label %end
right:
  br label %end
end:
  %joined = phi { i64, i1 } [ %a, %left ], [ { i64 7, i1 true }, %right ]
  ret { i64, i1 } %joined
}
; function %aggregates(i8, i64, i8) -> i64, i8 system_v {
; block0(v0: i8, v1: i64, v2: i8):
;     v5 = iconst.i8 1
;     v6 = band v0, v5  ; v5 = 1
;     v7 = iconst.i8 1
;     v8 = band v2, v7  ; v7 = 1
;     brif v6, block1, block2
;
; block1:
;     jump block3(v1, v8)
;
; block2:
;     v9 = iconst.i64 7
;     v10 = iconst.i8 1
;     jump block3(v9, v10)  ; v9 = 7, v10 = 1
;
; block3(v3: i64, v4: i8):
;     return v3, v4
; }

define i32 @both_edges(i1 %which) {
entry:
  br i1 %which, label %end, label %end
end:
  %same = phi i32 [ 5, %entry ], [ 5, %entry ]
  ret i32 %same
}
; function %both_edges(i8) -> i32 system_v {
; block0(v0: i8):
;     v2 = iconst.i8 1
;     v3 = band v0, v2  ; v2 = 1
;     v4 = iconst.i32 5
;     v5 = iconst.i32 5
;     brif v3, block1(v4), block1(v5)  ; v4 = 5, v5 = 5
;
; block1(v1: i32):
;     return v1
; }
