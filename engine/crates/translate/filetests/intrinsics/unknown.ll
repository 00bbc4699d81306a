; An intrinsic that nobody here knows goes to LLVM, whole function and all.

define void @load_fence() {
  call void @llvm.x86.sse2.lfence()
  ret void
}
; unsupported: intrinsic llvm.x86.sse2.lfence

define double @arc_tangent(double %a) {
  %1 = call double @llvm.atan.f64(double %a)
  ret double %1
}
; unsupported: intrinsic llvm.atan.f64

define i32 @caller_of_caller() {
  %1 = call ptr @llvm.returnaddress(i32 1)
  %2 = ptrtoint ptr %1 to i32
  ret i32 %2
}
; unsupported: intrinsic llvm.returnaddress

define double @reduction(<2 x double> %a) {
  %1 = call double @llvm.vector.reduce.fmax.v2f64(<2 x double> %a)
  ret double %1
}
; unsupported: intrinsic llvm.vector.reduce.fmax

define { <2 x i32>, <2 x i1> } @overflow_of_vectors(<2 x i32> %a) {
  %1 = call { <2 x i32>, <2 x i1> } @llvm.sadd.with.overflow.v2i32(<2 x i32> %a, <2 x i32> %a)
  ret { <2 x i32>, <2 x i1> } %1
}
; unsupported: vector of 64 bits in a signature

define i8 @vector_overflow() {
  %1 = call { <4 x i32>, <4 x i1> } @llvm.uadd.with.overflow.v4i32(<4 x i32> zeroinitializer, <4 x i32> zeroinitializer)
  ret i8 0
}
; unsupported: uadd.with.overflow on vectors

declare void @llvm.x86.sse2.lfence()
declare double @llvm.atan.f64(double)
declare ptr @llvm.returnaddress(i32)
declare double @llvm.vector.reduce.fmax.v2f64(<2 x double>)
declare { <2 x i32>, <2 x i1> } @llvm.sadd.with.overflow.v2i32(<2 x i32>, <2 x i32>)
declare { <4 x i32>, <4 x i1> } @llvm.uadd.with.overflow.v4i32(<4 x i32>, <4 x i32>)
