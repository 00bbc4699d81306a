// Instructions of x86 that code asks for by name, beyond what `simd.rs` has.
#[path = "log.rs"]
pub mod log;
use log::Log;
use std::arch::x86_64::*;
use std::hint::black_box;
use std::mem::transmute;

fn bytes(log: &mut Log, tag: &str, value: __m128i) {
    let lanes: [u64; 2] = unsafe { transmute(value) };
    lanes.into_iter().for_each(|lane| log.put(tag, lane));
}
fn wide(log: &mut Log, tag: &str, value: __m256i) {
    let lanes: [u64; 4] = unsafe { transmute(value) };
    lanes.into_iter().for_each(|lane| log.put(tag, lane));
}
fn ps(log: &mut Log, tag: &str, value: __m128) {
    let lanes: [f32; 4] = unsafe { transmute(value) };
    lanes.into_iter().for_each(|lane| log.put(tag, lane));
}
fn pd(log: &mut Log, tag: &str, value: __m128d) {
    let lanes: [f64; 2] = unsafe { transmute(value) };
    lanes.into_iter().for_each(|lane| log.put(tag, lane));
}

const WORDS: [u64; 10] = [
    0,
    1,
    u64::MAX,
    0x8000_0000_0000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_7fff_8001_7ffe,
    0x0102_0304_0506_0708,
    0x80ff_7f01_ff80_017f,
    0x0000_0000_ffff_0010,
    0x1234_5678_9abc_def0,
];

fn vectors() -> Vec<__m128i> {
    let words = black_box(WORDS);
    (0..words.len())
        .map(|i| unsafe { _mm_set_epi64x(words[i] as i64, words[(i * 3 + 1) % words.len()] as i64) })
        .collect()
}

fn sse2_integers(log: &mut Log) {
    unsafe {
        for a in vectors() {
            for b in vectors() {
                bytes(log, "packs16", _mm_packs_epi16(a, b));
                bytes(log, "packs32", _mm_packs_epi32(a, b));
                bytes(log, "packus16", _mm_packus_epi16(a, b));
                bytes(log, "madd", _mm_madd_epi16(a, b));
                bytes(log, "sad", _mm_sad_epu8(a, b));
                bytes(log, "avg8", _mm_avg_epu8(a, b));
                bytes(log, "avg16", _mm_avg_epu16(a, b));
                bytes(log, "mulhi", _mm_mulhi_epi16(a, b));
                bytes(log, "mulhiu", _mm_mulhi_epu16(a, b));
            }
            for amount in [0i64, 1, 7, 15, 16, 31, 32, 63, 64, 1 << 32, -1] {
                let amount = _mm_set_epi64x(-1, black_box(amount));
                bytes(log, "sll16", _mm_sll_epi16(a, amount));
                bytes(log, "sll32", _mm_sll_epi32(a, amount));
                bytes(log, "sll64", _mm_sll_epi64(a, amount));
                bytes(log, "srl16", _mm_srl_epi16(a, amount));
                bytes(log, "srl32", _mm_srl_epi32(a, amount));
                bytes(log, "srl64", _mm_srl_epi64(a, amount));
                bytes(log, "sra16", _mm_sra_epi16(a, amount));
                bytes(log, "sra32", _mm_sra_epi32(a, amount));
            }
        }
        _mm_sfence();
    }
}

#[target_feature(enable = "sse4.1")]
fn sse41_integers(log: &mut Log) {
    for a in vectors() {
        for b in vectors() {
            bytes(log, "maddubs", _mm_maddubs_epi16(a, b));
            bytes(log, "mulhrs", _mm_mulhrs_epi16(a, b));
            bytes(log, "sign8", _mm_sign_epi8(a, b));
            bytes(log, "sign16", _mm_sign_epi16(a, b));
            bytes(log, "sign32", _mm_sign_epi32(a, b));
            bytes(log, "packus32", _mm_packus_epi32(a, b));
            bytes(log, "hadd16", _mm_hadd_epi16(a, b));
            bytes(log, "hadds16", _mm_hadds_epi16(a, b));
            bytes(log, "blendv", _mm_blendv_epi8(a, b, _mm_xor_si128(a, b)));
            bytes(log, "mul32", _mm_mul_epi32(a, b));
            bytes(log, "mullo32", _mm_mullo_epi32(a, b));
            log.put("testz", _mm_testz_si128(a, b));
            log.put("testc", _mm_testc_si128(a, b));
            log.put("testnzc", _mm_testnzc_si128(a, b));
        }
        bytes(log, "lddqu", unsafe { _mm_lddqu_si128(&raw const a) });
    }
}

#[target_feature(enable = "avx2")]
fn avx2_integers(log: &mut Log) {
    let halves = vectors();
    let pairs = |from: usize| -> Vec<__m256i> {
        (0..halves.len()).map(|i| _mm256_set_m128i(halves[(i + from) % halves.len()], halves[i])).collect()
    };
    for a in pairs(1) {
        for b in pairs(4) {
            wide(log, "packs16", _mm256_packs_epi16(a, b));
            wide(log, "packs32", _mm256_packs_epi32(a, b));
            wide(log, "packus16", _mm256_packus_epi16(a, b));
            wide(log, "packus32", _mm256_packus_epi32(a, b));
            wide(log, "madd", _mm256_madd_epi16(a, b));
            wide(log, "maddubs", _mm256_maddubs_epi16(a, b));
            wide(log, "mulhrs", _mm256_mulhrs_epi16(a, b));
            wide(log, "sad", _mm256_sad_epu8(a, b));
            wide(log, "sign8", _mm256_sign_epi8(a, b));
            wide(log, "sign16", _mm256_sign_epi16(a, b));
            wide(log, "sign32", _mm256_sign_epi32(a, b));
            wide(log, "permutevar", _mm256_permutevar8x32_epi32(a, b));
            wide(log, "permutevar ps", unsafe { transmute(_mm256_permutevar8x32_ps(transmute(a), b)) });
            wide(log, "vpermilvar ps", unsafe { transmute(_mm256_permutevar_ps(transmute(a), b)) });
            wide(log, "vpermilvar pd", unsafe { transmute(_mm256_permutevar_pd(transmute(a), b)) });
            let (low, index) = (_mm256_castsi256_si128(a), _mm256_extracti128_si256::<1>(b));
            bytes(log, "vpermilvar ps", unsafe { transmute(_mm_permutevar_ps(transmute(low), index)) });
            bytes(log, "vpermilvar pd", unsafe { transmute(_mm_permutevar_pd(transmute(low), index)) });
            log.put("testnzc", _mm256_testnzc_si256(a, b));
        }
        for amount in [0i64, 5, 16, 40, 64, -1] {
            let amount = _mm_set_epi64x(3, black_box(amount));
            wide(log, "sll16", _mm256_sll_epi16(a, amount));
            wide(log, "sll32", _mm256_sll_epi32(a, amount));
            wide(log, "sll64", _mm256_sll_epi64(a, amount));
            wide(log, "srl16", _mm256_srl_epi16(a, amount));
            wide(log, "srl32", _mm256_srl_epi32(a, amount));
            wide(log, "srl64", _mm256_srl_epi64(a, amount));
            wide(log, "sra16", _mm256_sra_epi16(a, amount));
            wide(log, "sra32", _mm256_sra_epi32(a, amount));
        }
        wide(log, "lddqu", unsafe { _mm256_lddqu_si256(&raw const a) });
        _mm256_zeroupper();
    }
}

fn carries(log: &mut Log) {
    for a in black_box(WORDS) {
        for b in black_box(WORDS) {
            for carry in black_box([0u8, 1, 7]) {
                let mut sum = 0;
                log.put("carry", _addcarry_u64(carry, a, b, &mut sum));
                log.put("sum", sum);
                log.put("borrow", _subborrow_u64(carry, a, b, &mut sum));
                log.put("difference", sum);
                let mut sum = 0;
                log.put("carry", _addcarry_u32(carry, a as u32, (b >> 7) as u32, &mut sum));
                log.put("sum", sum);
                log.put("borrow", _subborrow_u32(carry, a as u32, (b >> 7) as u32, &mut sum));
                log.put("difference", sum);
            }
        }
    }
}

#[target_feature(enable = "bmi1,bmi2")]
fn bit_fields(log: &mut Log) {
    for a in black_box(WORDS) {
        for b in black_box(WORDS) {
            log.put("pext", _pext_u64(a, b));
            log.put("pdep", _pdep_u64(a, b));
            log.put("pext32", _pext_u32(a as u32, (b >> 9) as u32));
            log.put("pdep32", _pdep_u32(a as u32, (b >> 9) as u32));
            log.put("bextr", _bextr2_u64(a, b));
            log.put("bextr32", _bextr2_u32(a as u32, b as u32));
            log.put("bzhi32", _bzhi_u32(a as u32, b as u32));
        }
        for bits in black_box([0u32, 1, 31, 32, 33, 63, 64, 65, 255, 256, 300]) {
            log.put("bzhi", _bzhi_u64(a, bits));
            for length in black_box([0u32, 1, 8, 32, 64, 255]) {
                log.put("bextr", _bextr_u64(a, bits, length));
                log.put("bextr32", _bextr_u32(a as u32, bits, length));
            }
        }
    }
}

#[target_feature(enable = "sse4.2")]
fn checksums(log: &mut Log) {
    for a in black_box(WORDS) {
        for b in black_box(WORDS) {
            log.put("crc8", _mm_crc32_u8(a as u32, b as u8));
            log.put("crc16", _mm_crc32_u16(a as u32, b as u16));
            log.put("crc32", _mm_crc32_u32(a as u32, b as u32));
            log.put("crc64", _mm_crc32_u64(a, b));
        }
    }
}

const NUMBERS: [f64; 22] = [
    0.0,
    -0.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3.499,
    1e9,
    -1e9,
    2147483647.0,
    2147483647.5,
    2147483648.0,
    -2147483648.0,
    -2147483648.75,
    1e19,
    -1e19,
    9.3e18,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    5e-324,
];

fn floats(log: &mut Log) {
    unsafe {
        for x in black_box(NUMBERS) {
            for y in black_box(NUMBERS) {
                let (a, b) = (_mm_set_pd(y, x), _mm_set_pd(1.0, y));
                pd(log, "min", _mm_min_pd(a, b));
                pd(log, "max", _mm_max_pd(a, b));
                pd(log, "min.sd", _mm_min_sd(a, b));
                pd(log, "max.sd", _mm_max_sd(a, b));
                let mut mask = |tag: &str, value: __m128d| bytes(log, tag, transmute(value));
                mask("eq", _mm_cmpeq_pd(a, b));
                mask("lt", _mm_cmplt_pd(a, b));
                mask("le", _mm_cmple_pd(a, b));
                mask("gt", _mm_cmpgt_pd(a, b));
                mask("ord", _mm_cmpord_pd(a, b));
                mask("unord", _mm_cmpunord_pd(a, b));
                mask("neq", _mm_cmpneq_pd(a, b));
                mask("nlt", _mm_cmpnlt_pd(a, b));
                mask("nle", _mm_cmpnle_pd(a, b));
                mask("nge", _mm_cmpnge_pd(a, b));
                if !x.is_nan() && !y.is_nan() {
                    mask("eq.sd", _mm_cmpeq_sd(a, b));
                    mask("lt.sd", _mm_cmplt_sd(a, b));
                    mask("ge.sd", _mm_cmpge_sd(a, b));
                }
                log.put("comieq", _mm_comieq_sd(a, b));
                log.put("comilt", _mm_comilt_sd(a, b));
                log.put("comile", _mm_comile_sd(a, b));
                log.put("comigt", _mm_comigt_sd(a, b));
                log.put("comige", _mm_comige_sd(a, b));
                log.put("comineq", _mm_comineq_sd(a, b));
                log.put("ucomieq", _mm_ucomieq_sd(a, b));
                log.put("ucomineq", _mm_ucomineq_sd(a, b));
                let (a, b) = (_mm_set_ps(y as f32, 1.0, -0.0, x as f32), _mm_set_ps(1.0, x as f32, 0.0, y as f32));
                ps(log, "min", _mm_min_ps(a, b));
                ps(log, "max", _mm_max_ps(a, b));
                ps(log, "min.ss", _mm_min_ss(a, b));
                ps(log, "max.ss", _mm_max_ss(a, b));
                bytes(log, "eq", transmute(_mm_cmpeq_ps(a, b)));
                bytes(log, "lt", transmute(_mm_cmplt_ps(a, b)));
                bytes(log, "nge", transmute(_mm_cmpnge_ps(a, b)));
                bytes(log, "ord", transmute(_mm_cmpord_ps(a, b)));
                log.put("comilt", _mm_comilt_ss(a, b));
                log.put("ucomige", _mm_ucomige_ss(a, b));
                ps(log, "cvtsd2ss", _mm_cvtsd_ss(a, _mm_set_pd(1.0, y)));
            }
            let a = _mm_set_pd(-x, x);
            log.put("cvtsd", _mm_cvtsd_si32(a));
            log.put("cvtsd64", _mm_cvtsd_si64(a));
            log.put("cvttsd", _mm_cvttsd_si32(a));
            log.put("cvttsd64", _mm_cvttsd_si64(a));
            bytes(log, "cvtpd", _mm_cvtpd_epi32(a));
            bytes(log, "cvttpd", _mm_cvttpd_epi32(a));
            let a = _mm_set_ps(0.5, 1.5, -x as f32, x as f32);
            log.put("cvtss", _mm_cvtss_si32(a));
            log.put("cvtss64", _mm_cvtss_si64(a));
            log.put("cvttss", _mm_cvttss_si32(a));
            log.put("cvttss64", _mm_cvttss_si64(a));
            bytes(log, "cvtps", _mm_cvtps_epi32(a));
            bytes(log, "cvttps", _mm_cvttps_epi32(a));
        }
    }
}

#[target_feature(enable = "sse4.1")]
fn rounding(log: &mut Log) {
    for x in black_box(NUMBERS) {
        let (a, b) = (_mm_set_pd(-x, x), _mm_set_pd(8.5, x));
        pd(log, "nearest", _mm_round_pd::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a));
        pd(log, "current", _mm_round_pd::<_MM_FROUND_CUR_DIRECTION>(a));
        pd(log, "floor", _mm_floor_pd(a));
        pd(log, "ceil", _mm_ceil_pd(a));
        pd(log, "zero", _mm_round_pd::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(a));
        pd(log, "floor.sd", _mm_floor_sd(a, b));
        let (a, b) = (_mm_set_ps(2.5, -0.5, -x as f32, x as f32), _mm_set_ps(8.5, 1.0, 2.0, x as f32));
        ps(log, "nearest", _mm_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a));
        ps(log, "floor", _mm_floor_ps(a));
        ps(log, "ceil", _mm_ceil_ps(a));
        ps(log, "zero", _mm_round_ps::<{ _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC }>(a));
        ps(log, "ceil.ss", _mm_ceil_ss(a, b));
    }
}

#[target_feature(enable = "avx")]
fn avx_floats(log: &mut Log) {
    for x in black_box(NUMBERS) {
        for y in black_box(NUMBERS) {
            let (a, b) = (_mm256_set_pd(x, y, -x, 1.0), _mm256_set_pd(y, x, x, 1.0));
            let mut mask = |tag: &str, value: __m256d| wide(log, tag, unsafe { transmute(value) });
            mask("eq_uq", _mm256_cmp_pd::<_CMP_EQ_UQ>(a, b));
            mask("nge", _mm256_cmp_pd::<_CMP_NGE_UQ>(a, b));
            mask("ngt", _mm256_cmp_pd::<_CMP_NGT_US>(a, b));
            mask("false", _mm256_cmp_pd::<_CMP_FALSE_OQ>(a, b));
            mask("neq_oq", _mm256_cmp_pd::<_CMP_NEQ_OQ>(a, b));
            mask("ge", _mm256_cmp_pd::<_CMP_GE_OS>(a, b));
            mask("gt", _mm256_cmp_pd::<_CMP_GT_OQ>(a, b));
            mask("true", _mm256_cmp_pd::<_CMP_TRUE_US>(a, b));
            if !x.is_nan() && !y.is_nan() {
                mask("min", _mm256_min_pd(a, b));
                mask("max", _mm256_max_pd(a, b));
            }
        }
        let a = _mm256_set_ps(x as f32, 0.5, 1.5, 2.5, -x as f32, -0.5, -1.5, 0.0);
        wide(log, "cvtps", _mm256_cvtps_epi32(a));
        wide(log, "cvttps", _mm256_cvttps_epi32(a));
        wide(log, "lt", unsafe { transmute(_mm256_cmp_ps::<_CMP_LT_OS>(a, _mm256_setzero_ps())) });
        let a = _mm256_set_pd(x, 0.5, -x, 2.5);
        bytes(log, "cvtpd", _mm256_cvtpd_epi32(a));
        bytes(log, "cvttpd", _mm256_cvttpd_epi32(a));
        let [low, high]: [__m128d; 2] = unsafe { transmute(_mm256_floor_pd(a)) };
        pd(log, "floor", low);
        pd(log, "floor", high);
    }
}

#[unsafe(no_mangle)]
pub fn drive_x86(log: &mut Log) {
    sse2_integers(log);
    carries(log);
    floats(log);
    unsafe {
        if is_x86_feature_detected!("sse4.2") {
            sse41_integers(log);
            checksums(log);
            rounding(log);
        }
        if is_x86_feature_detected!("avx2") {
            avx2_integers(log);
            avx_floats(log);
        }
        if is_x86_feature_detected!("bmi2") {
            bit_fields(log);
        }
    }
}
