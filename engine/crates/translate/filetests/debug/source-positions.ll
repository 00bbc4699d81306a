; The source position of an instruction is the number of its location in the decoded function.

define i32 @positions(i32 %a) !dbg !4 {
  %b = add i32 %a, 1, !dbg !6
  %c = mul i32 %b, %b, !dbg !7
  %d = sub i32 %c, %a
  ret i32 %d, !dbg !6
}
; function %positions(i32) -> i32 system_v {
;                                 block0(v0: i32):
; @0000                               v1 = iconst.i32 1
; @0000                               v2 = iadd v0, v1  ; v1 = 1
; @0001                               v3 = imul v2, v2
;                                     v4 = isub v3, v0
; @0000                               return v4
; }

!llvm.module.flags = !{!0}
!llvm.dbg.cu = !{!1}
!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = distinct !DICompileUnit(language: DW_LANG_Rust, file: !2, emissionKind: LineTablesOnly)
!2 = !DIFile(filename: "a.rs", directory: "/")
!3 = !DISubroutineType(types: !{})
!4 = distinct !DISubprogram(name: "positions", file: !2, line: 1, type: !3, unit: !1, spFlags: DISPFlagDefinition)
!6 = !DILocation(line: 2, column: 5, scope: !4)
!7 = !DILocation(line: 3, column: 5, scope: !4)
