; The instructions of `core::arch` that Cranelift has. The shuffle is for functions that may use SSSE3.
; features: has_sse3,has_ssse3

define i32 @sign_bits(<16 x i8> %a, <4 x float> %b, <2 x double> %c) {
  %1 = call i32 @llvm.x86.sse2.pmovmskb.128(<16 x i8> %a)
  %2 = call i32 @llvm.x86.sse.movmsk.ps(<4 x float> %b)
  %3 = call i32 @llvm.x86.sse2.movmsk.pd(<2 x double> %c)
  %4 = add i32 %1, %2
  %5 = add i32 %4, %3
  ret i32 %5
}
; function %sign_bits(i8x16, f32x4, f64x2) -> i32 system_v {
; block0(v0: i8x16, v1: f32x4, v2: f64x2):
;     v3 = vhigh_bits.i16 v0
;     v4 = uextend.i32 v3
;     v5 = vhigh_bits.i8 v1
;     v6 = uextend.i32 v5
;     v7 = vhigh_bits.i8 v2
;     v8 = uextend.i32 v7
;     v9 = iadd v4, v6
;     v10 = iadd v9, v8
;     return v10
; }

define <16 x i8> @shuffle(<16 x i8> %table, <16 x i8> %indices) {
  %1 = call <16 x i8> @llvm.x86.ssse3.pshuf.b.128(<16 x i8> %table, <16 x i8> %indices)
  ret <16 x i8> %1
}
; function %shuffle(i8x16, i8x16) -> i8x16 system_v {
; block0(v0: i8x16, v1: i8x16):
;     v2 = x86_pshufb v0, v1
;     return v2
; }

define void @wide_shuffle(ptr %table, ptr %indices) {
  %a = load <32 x i8>, ptr %table
  %b = load <32 x i8>, ptr %indices
  %1 = call <32 x i8> @llvm.x86.avx2.pshuf.b(<32 x i8> %a, <32 x i8> %b)
  store <32 x i8> %1, ptr %table
  ret void
}
; function %wide_shuffle(i64, i64) system_v {
; block0(v0: i64, v1: i64):
;     v2 = load.i8x16 notrap aligned v0
;     v3 = load.i8x16 notrap aligned v0+16
;     v4 = load.i8x16 notrap aligned v1
;     v5 = load.i8x16 notrap aligned v1+16
;     v6 = x86_pshufb v2, v4
;     v7 = x86_pshufb v3, v5
;     store notrap aligned v6, v0
;     store notrap aligned v7, v0+16
;     return
; }

define void @fence_and_pause() {
  call void @llvm.x86.sse2.mfence()
  call void @llvm.x86.sse2.pause()
  ret void
}
; function %fence_and_pause() system_v {
; block0:
;     fence
;     return
; }

declare i32 @llvm.x86.sse2.pmovmskb.128(<16 x i8>)
declare i32 @llvm.x86.sse.movmsk.ps(<4 x float>)
declare i32 @llvm.x86.sse2.movmsk.pd(<2 x double>)
declare <16 x i8> @llvm.x86.ssse3.pshuf.b.128(<16 x i8>, <16 x i8>)
declare <32 x i8> @llvm.x86.avx2.pshuf.b(<32 x i8>, <32 x i8>)
declare void @llvm.x86.sse2.mfence()
declare void @llvm.x86.sse2.pause()
