; Callees of LLVM's `fastcc` and `coldcc`, which a C call satisfies on x86-64.

declare fastcc i32 @fast(i32)
declare coldcc void @cold()
declare x86_64_sysvcc void @sysv()

define fastcc i32 @caller(i32 %a) {
  %b = call fastcc i32 @fast(i32 %a)
  call coldcc void @cold()
  call x86_64_sysvcc void @sysv()
  ret i32 %b
}
; function %caller(i32) -> i32 system_v {
;     sig0 = (i32) -> i32 system_v
;     sig1 = () system_v
;     fn0 = colocated u0:0 sig0 ; u0:0 is @fast
;     fn1 = colocated u0:1 sig1 ; u0:1 is @cold
;     fn2 = colocated u0:2 sig1 ; u0:2 is @sysv
;
; block0(v0: i32):
;     v1 = call fn0(v0)
;     call fn1()
;     call fn2()
;     return v1
; }
