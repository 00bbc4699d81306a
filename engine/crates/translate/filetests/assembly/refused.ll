; Assembly with instructions, or with an output from nowhere, is LLVM's.

define i64 @instruction(i64 %a) {
  %b = call i64 asm "lea $0, [$1 + 5]", "=r,r"(i64 %a)
  ret i64 %b
}
; unsupported: inline assembly

define i64 @output_from_nowhere() {
  %a = call i64 asm "", "=r"()
  ret i64 %a
}
; unsupported: inline assembly with an output that is no input

define void @unfinished_comment() {
  call void asm sideeffect "/* nothing", ""()
  ret void
}
; unsupported: inline assembly
