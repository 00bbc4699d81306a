; Instructions without a decoded form.

define void @indirect_branch(ptr %to) {
entry:
  indirectbr ptr %to, [ label %end ]
end:
  ret void
}
; unsupported: indirectbr

define i32 @variable_argument(ptr %list) {
  %a = va_arg ptr %list, i32
  ret i32 %a
}
; unsupported: va_arg

define <2 x ptr> @addresses(<2 x ptr> %base) {
  %a = getelementptr i32, <2 x ptr> %base, i64 1
  ret <2 x ptr> %a
}
; unsupported: getelementptr on vectors

define ptr addrspace(1) @address_space(ptr %a) {
  %b = addrspacecast ptr %a to ptr addrspace(1)
  ret ptr addrspace(1) %b
}
; unsupported: type ptr addrspace(1)

define void @mask_in_a_struct(ptr %at) {
  %a = load { <4 x i1>, i8 }, ptr %at
  ret void
}
; unsupported: aggregate with a vector of i1 in memory
