// Vectors: what std and common crates do with SSE2, and what only exists in 256 bits.
#[path = "log.rs"]
pub mod log;
use log::Log;
use std::arch::x86_64::*;
use std::hint::black_box;

fn bytes(log: &mut Log, tag: &str, value: __m128i) {
    let lanes: [u64; 2] = unsafe { std::mem::transmute(value) };
    log.put(tag, lanes[0]);
    log.put(tag, lanes[1]);
}
fn pd(log: &mut Log, tag: &str, value: __m128d) {
    let lanes: [f64; 2] = unsafe { std::mem::transmute(value) };
    log.put(tag, lanes[0]);
    log.put(tag, lanes[1]);
}
fn ps(log: &mut Log, tag: &str, value: __m128) {
    let lanes: [f32; 4] = unsafe { std::mem::transmute(value) };
    lanes.into_iter().for_each(|lane| log.put(tag, lane));
}

#[target_feature(enable = "ssse3")]
fn ssse3(log: &mut Log, values: &[__m128i]) {
    for &a in values {
        for &b in values {
            bytes(log, "shuffle8", _mm_shuffle_epi8(a, b));
            bytes(log, "abs8", _mm_abs_epi8(a));
        }
    }
}
#[target_feature(enable = "avx2")]
fn avx2(log: &mut Log, values: &[[__m128i; 2]]) {
    let values: Vec<__m256i> = values.iter().map(|&halves| unsafe { std::mem::transmute(halves) }).collect();
    let mut both = |tag: &str, value: __m256i| {
        let halves: [__m128i; 2] = unsafe { std::mem::transmute(value) };
        bytes(log, tag, halves[0]);
        bytes(log, tag, halves[1]);
    };
    for &a in &values {
        both("mask", _mm256_set1_epi32(_mm256_movemask_epi8(a)));
        for &b in &values {
            both("shuffle8", _mm256_shuffle_epi8(a, b));
            both("eq8", _mm256_cmpeq_epi8(a, b));
            both("alignr", _mm256_alignr_epi8::<5>(a, b));
            both("permute", _mm256_permute2x128_si256::<0x21>(a, b));
        }
    }
}

#[unsafe(no_mangle)]
pub fn drive_simd(log: &mut Log) {
    unsafe {
        let values: [__m128i; 5] = black_box([
            _mm_set_epi64x(0x0102_0304_0506_0708, 0x7f80_81ff_0000_1234),
            _mm_set1_epi8(-1),
            _mm_setzero_si128(),
            _mm_set_epi32(i32::MIN, i32::MAX, -1, 77),
            _mm_setr_epi16(1, -1, 300, -300, i16::MIN, i16::MAX, 0, 5),
        ]);
        if is_x86_feature_detected!("avx2") {
            ssse3(log, &values);
            avx2(log, &[[values[0], values[1]], [values[3], values[4]], [values[4], values[2]]]);
        }
        for a in values {
            log.put("movemask", _mm_movemask_epi8(a));
            log.put("low", _mm_cvtsi128_si64(a));
            log.put("extract", _mm_extract_epi16::<3>(a));
            bytes(log, "srli16", _mm_srli_epi16::<3>(a));
            bytes(log, "slli32", _mm_slli_epi32::<5>(a));
            bytes(log, "srai32", _mm_srai_epi32::<7>(a));
            bytes(log, "srli64", _mm_srli_epi64::<9>(a));
            bytes(log, "bsrli", _mm_bsrli_si128::<5>(a));
            bytes(log, "bslli", _mm_bslli_si128::<3>(a));
            bytes(log, "shuffle", _mm_shuffle_epi32::<0b00_01_10_11>(a));
            bytes(log, "shufflelo", _mm_shufflelo_epi16::<0b00_01_10_11>(a));
            bytes(log, "insert", _mm_insert_epi16::<2>(a, 1234));
            for b in values {
                bytes(log, "add8", _mm_add_epi8(a, b));
                bytes(log, "add16", _mm_add_epi16(a, b));
                bytes(log, "add32", _mm_add_epi32(a, b));
                bytes(log, "add64", _mm_add_epi64(a, b));
                bytes(log, "sub8", _mm_sub_epi8(a, b));
                bytes(log, "sub64", _mm_sub_epi64(a, b));
                bytes(log, "mullo", _mm_mullo_epi16(a, b));
                bytes(log, "muleven", _mm_mul_epu32(a, b));
                bytes(log, "adds8", _mm_adds_epu8(a, b));
                bytes(log, "subs16", _mm_subs_epi16(a, b));
                bytes(log, "and", _mm_and_si128(a, b));
                bytes(log, "andnot", _mm_andnot_si128(a, b));
                bytes(log, "or", _mm_or_si128(a, b));
                bytes(log, "xor", _mm_xor_si128(a, b));
                bytes(log, "eq8", _mm_cmpeq_epi8(a, b));
                bytes(log, "eq32", _mm_cmpeq_epi32(a, b));
                bytes(log, "gt8", _mm_cmpgt_epi8(a, b));
                bytes(log, "lt16", _mm_cmplt_epi16(a, b));
                bytes(log, "min", _mm_min_epu8(a, b));
                bytes(log, "max", _mm_max_epi16(a, b));
                bytes(log, "unpacklo8", _mm_unpacklo_epi8(a, b));
                bytes(log, "unpackhi16", _mm_unpackhi_epi16(a, b));
                bytes(log, "unpacklo64", _mm_unpacklo_epi64(a, b));
                log.put("mask", _mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) as u16);
            }
        }
        let doubles: [__m128d; 3] = black_box([_mm_set_pd(1.5, -2.5), _mm_set_pd(f64::NAN, 0.0), _mm_set1_pd(1e300)]);
        for a in doubles {
            log.put("movemask", _mm_movemask_pd(a));
            for b in doubles {
                pd(log, "add", _mm_add_pd(a, b));
                pd(log, "mul", _mm_mul_pd(a, b));
                pd(log, "div", _mm_div_pd(a, b));
                pd(log, "unpack", _mm_unpackhi_pd(a, b));
            }
        }
        let singles: [__m128; 2] = black_box([_mm_set_ps(1.5, -2.5, 3.0, f32::NAN), _mm_set1_ps(0.25)]);
        for a in singles {
            log.put("movemask", _mm_movemask_ps(a));
            for b in singles {
                ps(log, "sub", _mm_sub_ps(a, b));
                ps(log, "mul", _mm_mul_ps(a, b));
                ps(log, "shuffle", _mm_shuffle_ps::<0b01_00_11_10>(a, b));
                ps(log, "movelh", _mm_movelh_ps(a, b));
            }
        }
        let text = black_box([b'x'; 16]);
        let loaded = _mm_loadu_si128(text.as_ptr().cast());
        let mut out = [0u8; 17];
        _mm_storeu_si128(out.as_mut_ptr().add(1).cast(), loaded);
        log.put("store", out.iter().map(|&x| x as u32).sum::<u32>());
        // 256 bits without AVX: by memory between functions, in halves inside them.
        let wide: [__m256i; 2] = black_box(std::mem::transmute([values[0], values[1], values[3], values[4]]));
        let halves: [[u64; 4]; 2] = std::mem::transmute(wide);
        for half in halves.iter().flatten() {
            log.put("wide", *half);
        }
        let position = "a string that is long enough for a vector search, is it not? yes it is".find("not?");
        log.option("find", position);
        log.option("byte", b"0123456789abcdefghijklmnopqrstuvwxyz".iter().position(|&b| b == b'z'));
        log.put("ascii", black_box("only ascii in here, and more than sixteen bytes").is_ascii());
        log.put("chars", black_box("ünïcödé and more than sixteen bytes of it, so that SIMD is used").chars().count());
    }
}
