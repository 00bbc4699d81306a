; Constants that are not a number, an address, or made of these.

@here = internal global i32 0
@there = internal global i32 0

define ptr @block_address() {
entry:
  br label %block
block:
  ret ptr blockaddress(@block_address, %block)
}
; unsupported: constant blockaddress

define i64 @distance() {
  ret i64 sub (i64 ptrtoint (ptr @here to i64), i64 ptrtoint (ptr @there to i64))
}
; unsupported: constant difference of two addresses

define i32 @narrow_address() {
  ret i32 ptrtoint (ptr @here to i32)
}
; unsupported: constant address in an i32

define i8 @address_as_a_lane_number(<16 x i8> %a) {
  %lane = extractelement <16 x i8> %a, i64 ptrtoint (ptr @here to i64)
  ret i8 %lane
}
; unsupported: lane index
