; Types that no Cranelift value on x86-64 holds.

define half @half(half %a) {
  ret half %a
}
; unsupported: half precision float

define void @quad(ptr %at) {
  %a = load fp128, ptr %at
  ret void
}
; unsupported: quad precision float

define void @x87(ptr %at) {
  %a = load x86_fp80, ptr %at
  ret void
}
; unsupported: type x86_fp80

define void @wide_integer(ptr %at) {
  %a = load i129, ptr %at
  ret void
}
; unsupported: integer of 129 bits

define void @lanes_of_odd_width(ptr %at) {
  %a = load <4 x i7>, ptr %at
  ret void
}
; unsupported: vector of 7-bit integers

define void @other_address_space(ptr addrspace(1) %at) {
  ret void
}
; unsupported: type ptr addrspace(1)

define void @scalable(ptr %at) {
  %a = load <vscale x 2 x i64>, ptr %at
  ret void
}
; unsupported: type <vscale x 2 x i64>

define void @large_array(ptr %at) {
  %a = load [2000 x i8], ptr %at
  ret void
}
; unsupported: array of 2000 elements as a value

define void @large_struct(ptr %at) {
  %a = load { [1000 x i8], [1000 x i8] }, ptr %at
  ret void
}
; unsupported: aggregate with more than 1024 fields as a value
