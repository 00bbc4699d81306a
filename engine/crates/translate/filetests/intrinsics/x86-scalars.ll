; Carries, bit fields and CRC-32C: instructions on general registers, spelled out.

define i64 @add_with_carry(i8 %carry, i64 %a, i64 %b, ptr %out) {
  %1 = call { i8, i64 } @llvm.x86.addcarry.64(i8 %carry, i64 %a, i64 %b)
  %2 = extractvalue { i8, i64 } %1, 0
  store i8 %2, ptr %out
  %3 = extractvalue { i8, i64 } %1, 1
  ret i64 %3
}
; function %add_with_carry(i8, i64, i64, i64) -> i64 system_v {
; block0(v0: i8, v1: i64, v2: i64, v3: i64):
;     v4 = iconst.i8 0
;     v5 = icmp ne v0, v4  ; v4 = 0
;     v6 = uextend.i64 v5
;     v7 = iadd v1, v2
;     v8 = icmp ult v7, v1
;     v9 = iadd v7, v6
;     v10 = icmp ult v9, v6
;     v11 = bor v8, v10
;     store notrap aligned v11, v3
;     return v9
; }

define i32 @subtract_with_borrow(i8 %borrow, i32 %a, i32 %b, ptr %out) {
  %1 = call { i8, i32 } @llvm.x86.subborrow.32(i8 %borrow, i32 %a, i32 %b)
  %2 = extractvalue { i8, i32 } %1, 0
  store i8 %2, ptr %out
  %3 = extractvalue { i8, i32 } %1, 1
  ret i32 %3
}
; function %subtract_with_borrow(i8, i32, i32, i64) -> i32 system_v {
; block0(v0: i8, v1: i32, v2: i32, v3: i64):
;     v4 = iconst.i8 0
;     v5 = icmp ne v0, v4  ; v4 = 0
;     v6 = uextend.i32 v5
;     v7 = icmp ult v1, v2
;     v8 = isub v1, v2
;     v9 = icmp ult v8, v6
;     v10 = isub v8, v6
;     v11 = bor v7, v9
;     store notrap aligned v11, v3
;     return v10
; }

define i64 @fields(i64 %value, i64 %control) {
  %1 = call i64 @llvm.x86.bmi.bextr.64(i64 %value, i64 %control)
  %2 = call i64 @llvm.x86.bmi.bzhi.64(i64 %1, i64 %control)
  ret i64 %2
}
; function %fields(i64, i64) -> i64 system_v {
; block0(v0: i64, v1: i64):
;     v2 = iconst.i64 255
;     v3 = band v1, v2  ; v2 = 255
;     v4 = iconst.i64 8
;     v5 = ushr v1, v4  ; v4 = 8
;     v6 = iconst.i64 255
;     v7 = band v5, v6  ; v6 = 255
;     v8 = iconst.i64 0
;     v9 = ushr v0, v3
;     v10 = iconst.i64 64
;     v11 = icmp ult v3, v10  ; v10 = 64
;     v12 = select v11, v9, v8  ; v8 = 0
;     v13 = iconst.i64 0
;     v14 = iconst.i64 -1
;     v15 = ishl v14, v7  ; v14 = -1
;     v16 = iconst.i64 64
;     v17 = icmp ult v7, v16  ; v16 = 64
;     v18 = select v17, v15, v13  ; v13 = 0
;     v19 = bnot v18
;     v20 = band v12, v19
;     v21 = iconst.i64 255
;     v22 = band v1, v21  ; v21 = 255
;     v23 = iconst.i64 0
;     v24 = iconst.i64 -1
;     v25 = ishl v24, v22  ; v24 = -1
;     v26 = iconst.i64 64
;     v27 = icmp ult v22, v26  ; v26 = 64
;     v28 = select v27, v25, v23  ; v23 = 0
;     v29 = bnot v28
;     v30 = band v20, v29
;     return v30
; }

define i64 @extract(i64 %value, i64 %mask) {
  %1 = call i64 @llvm.x86.bmi.pext.64(i64 %value, i64 %mask)
  ret i64 %1
}
; function %extract(i64, i64) -> i64 system_v {
; block0(v0: i64, v1: i64):
;     v2 = iconst.i64 0
;     v3 = iconst.i64 1
;     jump block1(v2, v1, v3)  ; v2 = 0, v3 = 1
;
; block1(v4: i64, v5: i64, v6: i64):
;     brif v5, block2, block3
;
; block2:
;     v7 = ineg.i64 v5
;     v8 = band.i64 v5, v7
;     v9 = band.i64 v0, v8
;     v10 = bor.i64 v4, v6
;     v11 = select v9, v10, v4
;     v12 = bxor.i64 v5, v8
;     v13 = iconst.i64 1
;     v14 = ishl.i64 v6, v13  ; v13 = 1
;     jump block1(v11, v12, v14)
;
; block3:
;     return v4
; }

define i32 @deposit(i32 %value, i32 %mask) {
  %1 = call i32 @llvm.x86.bmi.pdep.32(i32 %value, i32 %mask)
  ret i32 %1
}
; function %deposit(i32, i32) -> i32 system_v {
; block0(v0: i32, v1: i32):
;     v2 = iconst.i32 0
;     v3 = iconst.i32 1
;     jump block1(v2, v1, v3)  ; v2 = 0, v3 = 1
;
; block1(v4: i32, v5: i32, v6: i32):
;     brif v5, block2, block3
;
; block2:
;     v7 = ineg.i32 v5
;     v8 = band.i32 v5, v7
;     v9 = band.i32 v0, v6
;     v10 = bor.i32 v4, v8
;     v11 = select v9, v10, v4
;     v12 = bxor.i32 v5, v8
;     v13 = iconst.i32 1
;     v14 = ishl.i32 v6, v13  ; v13 = 1
;     jump block1(v11, v12, v14)
;
; block3:
;     return v4
; }

define i32 @crc_of_a_byte(i32 %crc, i8 %data) {
  %1 = call i32 @llvm.x86.sse42.crc32.32.8(i32 %crc, i8 %data)
  ret i32 %1
}
; function %crc_of_a_byte(i32, i8) -> i32 system_v {
; block0(v0: i32, v1: i8):
;     v2 = uextend.i32 v1
;     v3 = bxor v0, v2
;     v4 = iconst.i32 8
;     v5 = iconst.i32 -2097792136
;     jump block1(v3, v4)  ; v4 = 8
;
; block1(v6: i32, v7: i32):
;     brif v7, block2, block3
;
; block2:
;     v8 = iconst.i32 1
;     v9 = band.i32 v6, v8  ; v8 = 1
;     v10 = ineg v9
;     v11 = band v10, v5  ; v5 = -2097792136
;     v12 = iconst.i32 1
;     v13 = ushr.i32 v6, v12  ; v12 = 1
;     v14 = iconst.i32 -1
;     v15 = iadd.i32 v7, v14  ; v14 = -1
;     v16 = bxor v13, v11
;     jump block1(v16, v15)
;
; block3:
;     return v6
; }

declare { i8, i64 } @llvm.x86.addcarry.64(i8, i64, i64)
declare { i8, i32 } @llvm.x86.subborrow.32(i8, i32, i32)
declare i64 @llvm.x86.bmi.bextr.64(i64, i64)
declare i64 @llvm.x86.bmi.bzhi.64(i64, i64)
declare i64 @llvm.x86.bmi.pext.64(i64, i64)
declare i32 @llvm.x86.bmi.pdep.32(i32, i32)
declare i32 @llvm.x86.sse42.crc32.32.8(i32, i8)
