; A fence of any ordering is a full one.

define void @fences() {
  fence acquire
  fence release
  fence acq_rel
  fence seq_cst
  fence syncscope("singlethread") seq_cst
  ret void
}
; function %fences() system_v {
; block0:
;     fence
;     fence
;     fence
;     fence
;     fence
;     return
; }
