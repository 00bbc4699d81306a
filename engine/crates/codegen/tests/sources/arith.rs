// Integer and floating arithmetic over edge cases, for every width.
#[path = "log.rs"]
pub mod log;
use log::Log;
use std::hint::black_box;

macro_rules! integers {
    ($name:ident, $t:ty, $signed:ty, $unsigned:ty) => {
        pub fn $name(log: &mut Log) {
            const BITS: u32 = <$t>::BITS;
            let values: [$t; 16] = black_box([
                0,
                1,
                2,
                3,
                7,
                10,
                <$t>::MAX,
                <$t>::MIN,
                <$t>::MAX - 1,
                <$t>::MIN + 1,
                <$t>::MAX / 2,
                <$t>::MAX / 3,
                (0x5a5a_5a5a_5a5a_5a5a_1234_5678_9abc_def0u128) as $t,
                (1 as $t) << (BITS / 2),
                ((1 as $t) << (BITS / 2)).wrapping_sub(1),
                !0,
            ]);
            for a in values {
                log.put("not", !a);
                log.put("neg", a.wrapping_neg());
                log.put("lz", a.leading_zeros());
                log.put("tz", a.trailing_zeros());
                log.put("ones", a.count_ones());
                log.put("swap", a.swap_bytes());
                log.put("reverse", a.reverse_bits());
                log.put("f32", a as f32);
                log.put("f64", a as f64);
                log.put("u8", a as u8);
                log.put("i16", a as i16);
                log.put("u32", a as u32);
                log.put("i64", a as i64);
                log.put("u128", a as u128);
                log.put("i128", a as i128);
                log.put("abs", (a as $signed).wrapping_abs());
                for b in values {
                    log.put("add", a.wrapping_add(b));
                    log.put("sub", a.wrapping_sub(b));
                    log.put("mul", a.wrapping_mul(b));
                    log.option("div", a.checked_div(b));
                    log.option("rem", a.checked_rem(b));
                    log.pair("oadd", a.overflowing_add(b));
                    log.pair("osub", a.overflowing_sub(b));
                    log.pair("omul", a.overflowing_mul(b));
                    log.option("cadd", a.checked_add(b));
                    log.option("csub", a.checked_sub(b));
                    log.option("cmul", a.checked_mul(b));
                    log.put("sadd", a.saturating_add(b));
                    log.put("ssub", a.saturating_sub(b));
                    log.put("smul", a.saturating_mul(b));
                    log.put("and", a & b);
                    log.put("or", a | b);
                    log.put("xor", a ^ b);
                    log.put("lt", a < b);
                    log.put("le", a <= b);
                    log.put("eq", a == b);
                    log.put("cmp", a.cmp(&b) as i8);
                    log.put("min", a.min(b));
                    log.put("max", a.max(b));
                    let n = (b as u32) % BITS;
                    log.put("shl", a << n);
                    log.put("shr", a >> n);
                    log.put("wshl", a.wrapping_shl(b as u32));
                    log.put("rotl", a.rotate_left(b as u32));
                    log.put("rotr", a.rotate_right(b as u32));
                    log.put("abs_diff", a.abs_diff(b));
                }
            }
            log.put("pow", black_box(3 as $t).wrapping_pow(black_box(77)));
        }
    };
}
integers!(ints_u8, u8, i8, u8);
integers!(ints_u16, u16, i16, u16);
integers!(ints_u32, u32, i32, u32);
integers!(ints_u64, u64, i64, u64);
integers!(ints_u128, u128, i128, u128);
integers!(ints_i8, i8, i8, u8);
integers!(ints_i16, i16, i16, u16);
integers!(ints_i32, i32, i32, u32);
integers!(ints_i64, i64, i64, u64);
integers!(ints_i128, i128, i128, u128);

macro_rules! floats {
    ($name:ident, $t:ty, $bits:ty) => {
        pub fn $name(log: &mut Log) {
            let values: [$t; 22] = black_box([
                0.0,
                -0.0,
                1.0,
                -1.0,
                0.5,
                -0.5,
                1.5,
                2.5,
                -2.5,
                1e10,
                -1e10,
                3e38,
                1e-40,
                <$t>::MAX,
                <$t>::MIN,
                <$t>::MIN_POSITIVE,
                <$t>::EPSILON,
                <$t>::INFINITY,
                <$t>::NEG_INFINITY,
                <$t>::NAN,
                255.9,
                -128.9,
            ]);
            for a in values {
                log.put("neg", -a);
                log.put("abs", a.abs());
                log.put("sqrt", a.sqrt());
                log.put("floor", a.floor());
                log.put("ceil", a.ceil());
                log.put("trunc", a.trunc());
                log.put("round", a.round());
                log.put("even", a.round_ties_even());
                log.put("i8", a as i8);
                log.put("u8", a as u8);
                log.put("i16", a as i16);
                log.put("u16", a as u16);
                log.put("i32", a as i32);
                log.put("u32", a as u32);
                log.put("i64", a as i64);
                log.put("u64", a as u64);
                log.put("i128", a as i128);
                log.put("u128", a as u128);
                log.put("f32", a as f32);
                log.put("f64", a as f64);
                log.put("bits", if a.is_nan() { 0 } else { a.to_bits() });
                log.put("from", <$t>::from_bits(a.to_bits()));
                log.put("exp", a.exp());
                log.put("sin", a.sin());
                log.put("powi", a.powi(3));
                for b in values {
                    log.put("add", a + b);
                    log.put("sub", a - b);
                    log.put("mul", a * b);
                    log.put("div", a / b);
                    log.put("rem", a % b);
                    log.put("lt", a < b);
                    log.put("le", a <= b);
                    log.put("gt", a > b);
                    log.put("ge", a >= b);
                    log.put("eq", a == b);
                    log.put("ne", a != b);
                    log.put("partial", a.partial_cmp(&b).map_or(9, |order| order as i8));
                    log.put("min", a.min(b).abs());
                    log.put("max", a.max(b).abs());
                    log.put("copysign", a.copysign(b));
                    log.put("fma", a.mul_add(b, 1.0));
                    log.put("total", a.total_cmp(&b) as i8);
                }
            }
        }
    };
}
floats!(floats_f32, f32, u32);
floats!(floats_f64, f64, u64);

#[unsafe(no_mangle)]
pub fn drive_arith(log: &mut Log) {
    ints_u8(log);
    ints_u16(log);
    ints_u32(log);
    ints_u64(log);
    ints_u128(log);
    ints_i8(log);
    ints_i16(log);
    ints_i32(log);
    ints_i64(log);
    ints_i128(log);
    floats_f32(log);
    floats_f64(log);
}
