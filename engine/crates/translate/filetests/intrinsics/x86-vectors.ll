; Instructions on integers in vectors. Their functions are for processors that have them.
; features: has_sse3,has_ssse3,has_sse41

define <16 x i8> @pack(<8 x i16> %a, <8 x i16> %b) {
  %1 = call <16 x i8> @llvm.x86.sse2.packsswb.128(<8 x i16> %a, <8 x i16> %b)
  %2 = call <16 x i8> @llvm.x86.sse2.packuswb.128(<8 x i16> %a, <8 x i16> %b)
  %3 = xor <16 x i8> %1, %2
  ret <16 x i8> %3
}
; function %pack(i16x8, i16x8) -> i8x16 system_v {
; block0(v0: i16x8, v1: i16x8):
;     v2 = snarrow v0, v1
;     v3 = unarrow v0, v1
;     v4 = bxor v2, v3
;     return v4
; }

define <8 x i16> @multiply(<16 x i8> %unsigned, <16 x i8> %signed, <8 x i16> %a) {
  %1 = call <8 x i16> @llvm.x86.ssse3.pmadd.ub.sw.128(<16 x i8> %unsigned, <16 x i8> %signed)
  %2 = call <8 x i16> @llvm.x86.ssse3.pmul.hr.sw.128(<8 x i16> %1, <8 x i16> %a)
  ret <8 x i16> %2
}
; function %multiply(i8x16, i8x16, i16x8) -> i16x8 system_v {
; block0(v0: i8x16, v1: i8x16, v2: i16x8):
;     v3 = x86_pmaddubsw v1, v0
;     v4 = x86_pmulhrsw v3, v2
;     return v4
; }

define <2 x i64> @sum_of_differences(<16 x i8> %a, <16 x i8> %b) {
  %1 = call <2 x i64> @llvm.x86.sse2.psad.bw(<16 x i8> %a, <16 x i8> %b)
  ret <2 x i64> %1
}
; function %sum_of_differences(i8x16, i8x16) -> i64x2 system_v {
; block0(v0: i8x16, v1: i8x16):
;     v2 = umax v0, v1
;     v3 = umin v0, v1
;     v4 = isub v2, v3
;     v5 = bitcast.i64x2 little v4
;     v6 = extractlane v5, 0
;     v7 = iconst.i64 0x00ff_00ff_00ff_00ff
;     v8 = band v6, v7  ; v7 = 0x00ff_00ff_00ff_00ff
;     v9 = iconst.i64 8
;     v10 = ushr v6, v9  ; v9 = 8
;     v11 = band v10, v7  ; v7 = 0x00ff_00ff_00ff_00ff
;     v12 = iadd v8, v11
;     v13 = iconst.i64 0x0001_0001_0001_0001
;     v14 = imul v12, v13  ; v13 = 0x0001_0001_0001_0001
;     v15 = iconst.i64 48
;     v16 = ushr v14, v15  ; v15 = 48
;     v17 = extractlane v5, 1
;     v18 = iconst.i64 0x00ff_00ff_00ff_00ff
;     v19 = band v17, v18  ; v18 = 0x00ff_00ff_00ff_00ff
;     v20 = iconst.i64 8
;     v21 = ushr v17, v20  ; v20 = 8
;     v22 = band v21, v18  ; v18 = 0x00ff_00ff_00ff_00ff
;     v23 = iadd v19, v22
;     v24 = iconst.i64 0x0001_0001_0001_0001
;     v25 = imul v23, v24  ; v24 = 0x0001_0001_0001_0001
;     v26 = iconst.i64 48
;     v27 = ushr v25, v26  ; v26 = 48
;     v28 = scalar_to_vector.i64x2 v16
;     v29 = insertlane v28, v27, 1
;     return v29
; }

define <8 x i16> @shift_left(<8 x i16> %value, <8 x i16> %amount) {
  %1 = call <8 x i16> @llvm.x86.sse2.psll.w(<8 x i16> %value, <8 x i16> %amount)
  ret <8 x i16> %1
}
; function %shift_left(i16x8, i16x8) -> i16x8 system_v {
; block0(v0: i16x8, v1: i16x8):
;     v2 = bitcast.i64x2 little v1
;     v3 = extractlane v2, 0
;     v4 = iconst.i64 16
;     v5 = icmp ult v3, v4  ; v4 = 16
;     v6 = uextend.i64 v5
;     v7 = ineg v6
;     v8 = splat.i64x2 v7
;     v9 = ishl v0, v3
;     v10 = bitcast.i16x8 little v8
;     v11 = band v9, v10
;     return v11
; }

define <4 x i32> @shift_signed(<4 x i32> %value, <4 x i32> %amount) {
  %1 = call <4 x i32> @llvm.x86.sse2.psra.d(<4 x i32> %value, <4 x i32> %amount)
  ret <4 x i32> %1
}
; function %shift_signed(i32x4, i32x4) -> i32x4 system_v {
; block0(v0: i32x4, v1: i32x4):
;     v2 = bitcast.i64x2 little v1
;     v3 = extractlane v2, 0
;     v4 = iconst.i64 32
;     v5 = icmp ult v3, v4  ; v4 = 32
;     v6 = iconst.i64 31
;     v7 = select v5, v3, v6  ; v6 = 31
;     v8 = sshr v0, v7
;     return v8
; }

define <4 x i32> @sign(<4 x i32> %a, <4 x i32> %b) {
  %1 = call <4 x i32> @llvm.x86.ssse3.psign.d.128(<4 x i32> %a, <4 x i32> %b)
  ret <4 x i32> %1
}
; function %sign(i32x4, i32x4) -> i32x4 system_v {
;     const0 = 0x00000000000000000000000000000000
;
; block0(v0: i32x4, v1: i32x4):
;     v2 = vconst.i32x4 const0
;     v3 = icmp sgt v2, v1  ; v2 = const0
;     v4 = bxor v0, v3
;     v5 = isub v4, v3
;     v6 = icmp eq v1, v2  ; v2 = const0
;     v7 = bnot v6
;     v8 = band v5, v7
;     return v8
; }

define i32 @test(<2 x i64> %a, <2 x i64> %b) {
  %1 = call i32 @llvm.x86.sse41.ptestnzc(<2 x i64> %a, <2 x i64> %b)
  ret i32 %1
}
; function %test(i64x2, i64x2) -> i32 system_v {
; block0(v0: i64x2, v1: i64x2):
;     v2 = band v0, v1
;     v3 = bnot v0
;     v4 = band v1, v3
;     v5 = extractlane v2, 0
;     v6 = extractlane v2, 1
;     v7 = bor v5, v6
;     v8 = iconst.i64 0
;     v9 = icmp ne v7, v8  ; v8 = 0
;     v10 = extractlane v4, 0
;     v11 = extractlane v4, 1
;     v12 = bor v10, v11
;     v13 = iconst.i64 0
;     v14 = icmp ne v12, v13  ; v13 = 0
;     v15 = band v9, v14
;     v16 = uextend.i32 v15
;     return v16
; }

define void @nothing_to_do() {
  call void @llvm.x86.avx.vzeroupper()
  call void @llvm.x86.sse.sfence()
  ret void
}
; function %nothing_to_do() system_v {
; block0:
;     fence
;     return
; }

declare <16 x i8> @llvm.x86.sse2.packsswb.128(<8 x i16>, <8 x i16>)
declare <16 x i8> @llvm.x86.sse2.packuswb.128(<8 x i16>, <8 x i16>)
declare <8 x i16> @llvm.x86.ssse3.pmadd.ub.sw.128(<16 x i8>, <16 x i8>)
declare <8 x i16> @llvm.x86.ssse3.pmul.hr.sw.128(<8 x i16>, <8 x i16>)
declare <2 x i64> @llvm.x86.sse2.psad.bw(<16 x i8>, <16 x i8>)
declare <8 x i16> @llvm.x86.sse2.psll.w(<8 x i16>, <8 x i16>)
declare <4 x i32> @llvm.x86.sse2.psra.d(<4 x i32>, <4 x i32>)
declare <4 x i32> @llvm.x86.ssse3.psign.d.128(<4 x i32>, <4 x i32>)
declare i32 @llvm.x86.sse41.ptestnzc(<2 x i64>, <2 x i64>)
declare void @llvm.x86.avx.vzeroupper()
declare void @llvm.x86.sse.sfence()
