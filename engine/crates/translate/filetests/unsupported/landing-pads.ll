; The tables know three kinds of landing pads.

@type_info = external constant i8

declare void @may_unwind()
declare i32 @rust_eh_personality(...)

define void @several_clauses() personality ptr @rust_eh_personality {
entry:
  invoke void @may_unwind() to label %normal unwind label %pad
normal:
  ret void
pad:
  %exception = landingpad { ptr, i32 } catch ptr null filter [0 x ptr] zeroinitializer
  ret void
}
; unsupported: landing pad with several clauses

define void @of_a_type() personality ptr @rust_eh_personality {
entry:
  invoke void @may_unwind() to label %normal unwind label %pad
normal:
  ret void
pad:
  %exception = landingpad { ptr, i32 } catch ptr @type_info
  ret void
}
; unsupported: landing pad clause catch of a type

define void @another_result() personality ptr @rust_eh_personality {
entry:
  invoke void @may_unwind() to label %normal unwind label %pad
normal:
  ret void
pad:
  %exception = landingpad i64 cleanup
  ret void
}
; unsupported: landing pad of another type
