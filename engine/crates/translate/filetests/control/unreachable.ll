; What is never reached traps; blocks that no edge leads to are dropped.

define void @trap() {
  unreachable
}
; function %trap() system_v {
; block0:
;     trap user1
; }

define i32 @dead_blocks(i32 %a) {
entry:
  ret i32 %a
dead:
  %sum = add i32 %a, 1
  br label %more
more:
  %joined = phi i32 [ %sum, %dead ]
  ret i32 %joined
}
; function %dead_blocks(i32) -> i32 system_v {
; block0(v0: i32):
;     return v0
; }

declare void @abort() noreturn

define void @behind_a_call() {
  call void @abort()
  unreachable
}
; function %behind_a_call() system_v {
;     sig0 = () system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @abort
;
; block0:
;     call fn0()
;     trap user1
; }
