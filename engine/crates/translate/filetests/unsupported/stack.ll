; Frames are fixed when a function is entered.

define void @dynamic(i64 %size) {
  %slot = alloca i8, i64 %size
  ret void
}
; unsupported: stack variable of dynamic size

define void @outside_the_entry_block(i1 %which) {
entry:
  br i1 %which, label %then, label %end
then:
  %slot = alloca i32
  br label %end
end:
  ret void
}
; unsupported: stack variable outside the entry block

define void @huge() {
  %slot = alloca [2000000000 x i8]
  ret void
}
; unsupported: stack frame of 2000000000 bytes
