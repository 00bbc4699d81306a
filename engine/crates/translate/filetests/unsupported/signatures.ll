; What the two compilers would pass differently.

define <2 x float> @small_vector(<2 x float> %a) {
  ret <2 x float> %a
}
; unsupported: vector of 64 bits in a signature

define void @wide_vector(<8 x i32> %a) {
  ret void
}
; unsupported: vector of 256 bits in a signature

define { i64, i64, i64, i64 } @four_registers(i64 %a) {
  ret { i64, i64, i64, i64 } zeroinitializer
}
; unsupported: result in more registers than System V has

define void @wide_integer_of_odd_width(i100 %a) {
  ret void
}
; unsupported: 100-bit integer in a signature

define void @aggregate_on_the_stack(i64 %a, i64 %b, i64 %c, i64 %d, i64 %e, { i8, i128 } %f) {
  ret void
}
; unsupported: 128-bit integer in an aggregate on the stack

declare void @callee(ptr byval([64 x i8]) align 32)

define void @over_aligned_copy(ptr %a) {
  call void @callee(ptr byval([64 x i8]) align 32 %a)
  ret void
}
; unsupported: byval argument aligned to 32

declare void @registers(i32 inreg)

define void @in_a_register(i32 %a) {
  call void @registers(i32 inreg %a)
  ret void
}
; unsupported: call with parameter attribute inreg
