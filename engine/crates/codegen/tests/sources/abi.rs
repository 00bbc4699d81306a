// How values cross calls: Rust ABI and extern "C", in both directions.
#[path = "log.rs"]
pub mod log;
use log::Log;
use std::hint::black_box;

#[derive(Clone, Copy)]
pub struct Odd3(pub u8, pub u8, pub u8);
#[derive(Clone, Copy)]
pub struct Odd5(pub [u8; 5]);
#[derive(Clone, Copy)]
pub struct Odd6(pub u16, pub u16, pub u16);
#[derive(Clone, Copy)]
pub struct Odd7(pub [u8; 7]);
#[derive(Clone, Copy)]
pub struct Odd10(pub [u8; 10]);
#[derive(Clone, Copy)]
pub struct Mixed(pub u64, pub f64);
#[derive(Clone, Copy)]
pub struct Floats(pub f32, pub f32);
#[derive(Clone, Copy)]
pub struct Wide(pub u64, pub u64, pub u64);
#[derive(Clone, Copy)]
pub struct Huge(pub [u64; 9]);
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CSmall(pub u32, pub u8);
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CMixed(pub f64, pub i32);
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CFloats(pub f32, pub f32, pub f32);
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CBig(pub u64, pub u64, pub u64);
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CUneven(pub [u8; 21]);
#[repr(C, align(16))]
#[derive(Clone, Copy)]
pub struct CAligned(pub u64, pub u64, pub u64);
#[derive(Clone, Copy)]
pub enum Choice {
    Nothing,
    Byte(u8),
    Word(u64),
    Float(f64),
}

pub struct Table {
    pub odd: fn(Odd3, Odd5, Odd6, Odd7, Odd10) -> (u64, u64),
    pub odd3: fn(Odd3) -> Odd3,
    pub odd5: fn(Odd5) -> Odd5,
    pub odd6: fn(Odd6) -> Odd6,
    pub odd7: fn(Odd7) -> Odd7,
    pub odd10: fn(Odd10) -> Odd10,
    pub mixed: fn(Mixed, Floats) -> Mixed,
    pub floats: fn(Floats, f32) -> Floats,
    pub wide: fn(Wide, u8) -> Wide,
    pub huge: fn(Huge, u64) -> Huge,
    pub many: fn(u8, i8, u16, i16, u32, i32, u64, i64, bool, char, f32, f64) -> u64,
    pub wide_ints: fn(u128, u64, i128, u128) -> u128,
    pub stack128: fn(u64, u64, u64, u64, u128) -> u128,
    pub on_stack: fn(u64, u64, u64, u64, u64, u64, u128, f32) -> u128,
    pub left_over: fn(u64, u64, u64, u64, u64, u128, f32, i128, i16, u8, u64) -> u128,
    pub left_over_pair: fn(u64, u64, u64, u64, bool, u128, &[u8], u32) -> u128,
    pub slices: fn(&[u8], &str, &mut [u32]) -> usize,
    pub slice_back: for<'a> fn(&'a [u8], usize) -> &'a [u8],
    pub option: fn(Option<u32>, Option<&u8>, Option<u64>) -> Option<u32>,
    pub result: fn(u64) -> Result<u64, u8>,
    pub choice: fn(Choice) -> Choice,
    pub pair: fn(u8, bool) -> (bool, u8),
    pub dynamic: fn(&dyn Fn(u32) -> u32, u32) -> u32,
    pub c_small: extern "C" fn(CSmall, CMixed) -> CSmall,
    pub c_mixed: extern "C" fn(CMixed, u8, i16) -> CMixed,
    pub c_floats: extern "C" fn(CFloats, f32) -> CFloats,
    pub c_big: extern "C" fn(u64, CBig, u32, CBig) -> CBig,
    pub c_uneven: extern "C" fn(CUneven, u8, CUneven) -> u64,
    pub c_many: extern "C" fn(
        u8,
        i8,
        u16,
        i16,
        u32,
        i32,
        u64,
        i64,
        bool,
        f32,
        f64,
        f64,
        f64,
        f64,
        f64,
        f64,
        f64,
        f64,
        f64,
    ) -> f64,
    pub c_wide: extern "C" fn(u128, i128) -> i128,
    pub c_align: extern "C" fn(CAligned, u64) -> u64,
}

fn odd(a: Odd3, b: Odd5, c: Odd6, d: Odd7, e: Odd10) -> (u64, u64) {
    let mut x = 0u64;
    for byte in [a.0, a.1, a.2].into_iter().chain(b.0).chain(d.0).chain(e.0) {
        x = x.wrapping_mul(31).wrapping_add(byte as u64);
    }
    (x, c.0 as u64 + ((c.1 as u64) << 16) + ((c.2 as u64) << 32))
}
fn odd3(a: Odd3) -> Odd3 {
    Odd3(a.2, a.0, a.1.wrapping_add(200))
}
fn odd5(mut a: Odd5) -> Odd5 {
    a.0.reverse();
    a
}
fn odd6(a: Odd6) -> Odd6 {
    Odd6(a.1, a.2, a.0)
}
fn odd7(mut a: Odd7) -> Odd7 {
    a.0.reverse();
    a
}
fn odd10(mut a: Odd10) -> Odd10 {
    a.0.reverse();
    a
}
fn mixed(a: Mixed, b: Floats) -> Mixed {
    Mixed(a.0 + b.0 as u64, a.1 * b.1 as f64)
}
fn floats(a: Floats, b: f32) -> Floats {
    Floats(a.1 * b, a.0 + b)
}
fn wide(a: Wide, b: u8) -> Wide {
    Wide(a.2, a.0 + b as u64, a.1)
}
fn huge(mut a: Huge, b: u64) -> Huge {
    a.0.rotate_left(2);
    a.0[3] ^= b;
    a
}
fn many(a: u8, b: i8, c: u16, d: i16, e: u32, f: i32, g: u64, h: i64, i: bool, j: char, k: f32, l: f64) -> u64 {
    let mut x = a as u64;
    for part in [b as i64 as u64, c as u64, d as i64 as u64, e as u64, f as i64 as u64, g, h as u64, i as u64, j as u64]
    {
        x = x.wrapping_mul(1_000_003) ^ part;
    }
    x ^ k.to_bits() as u64 ^ l.to_bits()
}
fn wide_ints(a: u128, b: u64, c: i128, d: u128) -> u128 {
    a.wrapping_mul(3) ^ (b as u128) ^ (c as u128).rotate_left(5) ^ d.rotate_left(77)
}
fn stack128(a: u64, b: u64, c: u64, d: u64, e: u128) -> u128 {
    e ^ ((a + b * 3 + c * 5 + d * 7) as u128)
}
// One integer register is left when the first 128-bit integer comes: it goes to the next narrower one.
fn left_over(a: u64, b: u64, c: u64, d: u64, e: u64, f: u128, g: f32, h: i128, i: i16, j: u8, k: u64) -> u128 {
    let mut x = f.wrapping_mul(3) ^ h as u128;
    for part in [a, b, c, d, e, g.to_bits() as u64, i as u64, j as u64, k] {
        x = x.wrapping_mul(1_000_003) ^ part as u128;
    }
    x
}
fn left_over_pair(a: u64, b: u64, c: u64, d: u64, e: bool, f: u128, g: &[u8], h: u32) -> u128 {
    let sum: u64 = a + b * 2 + c * 3 + d * 5 + e as u64 * 7;
    f.wrapping_add(sum as u128).wrapping_mul(g.len() as u128 + 11) ^ g[1] as u128 ^ h as u128
}
fn on_stack(a: u64, b: u64, c: u64, d: u64, e: u64, f: u64, g: u128, h: f32) -> u128 {
    g.wrapping_add((a + b + c + d + e + f) as u128) ^ h.to_bits() as u128
}
fn slices(a: &[u8], b: &str, c: &mut [u32]) -> usize {
    c[0] = a[1] as u32;
    c[1] = b.len() as u32;
    a.len() * 1000 + b.len() * 10 + c.len()
}
fn slice_back(a: &[u8], n: usize) -> &[u8] {
    &a[n..]
}
fn option(a: Option<u32>, b: Option<&u8>, c: Option<u64>) -> Option<u32> {
    Some(a? + *b? as u32 + c.unwrap_or(7) as u32)
}
fn result(a: u64) -> Result<u64, u8> {
    if a % 2 == 0 { Ok(a / 2) } else { Err(a as u8) }
}
fn choice(a: Choice) -> Choice {
    match a {
        Choice::Nothing => Choice::Byte(1),
        Choice::Byte(b) => Choice::Word(b as u64 + 1),
        Choice::Word(w) => Choice::Float(w as f64 / 2.0),
        Choice::Float(_) => Choice::Nothing,
    }
}
fn pair(a: u8, b: bool) -> (bool, u8) {
    (!b, a.wrapping_add(1))
}
fn dynamic(f: &dyn Fn(u32) -> u32, a: u32) -> u32 {
    f(a) + f(a + 1)
}
extern "C" fn c_small(a: CSmall, b: CMixed) -> CSmall {
    CSmall(a.0 + b.0 as u32, a.1 + b.1 as u8)
}
extern "C" fn c_mixed(a: CMixed, b: u8, c: i16) -> CMixed {
    CMixed(a.0 + b as f64, a.1 - c as i32)
}
extern "C" fn c_floats(a: CFloats, b: f32) -> CFloats {
    CFloats(a.2, a.0 * b, a.1)
}
extern "C" fn c_big(a: u64, b: CBig, c: u32, d: CBig) -> CBig {
    CBig(a + b.0 + d.2, b.1 * c as u64, b.2 ^ d.0 ^ d.1)
}
extern "C" fn c_uneven(a: CUneven, b: u8, c: CUneven) -> u64 {
    let mut x = b as u64;
    for byte in a.0.into_iter().chain(c.0) {
        x = x.wrapping_mul(31).wrapping_add(byte as u64);
    }
    x
}
extern "C" fn c_many(
    a: u8,
    b: i8,
    c: u16,
    d: i16,
    e: u32,
    f: i32,
    g: u64,
    h: i64,
    i: bool,
    j: f32,
    k: f64,
    l: f64,
    m: f64,
    n: f64,
    o: f64,
    p: f64,
    q: f64,
    r: f64,
    s: f64,
) -> f64 {
    let x = a as f64 + b as f64 * 2.0 + c as f64 * 3.0 + d as f64 * 4.0 + e as f64 + f as f64 + g as f64 + h as f64;
    x + i as u8 as f64 + j as f64 + k - l * m + n - o + p * 2.0 - q + r - s * 0.5
}
extern "C" fn c_wide(a: u128, b: i128) -> i128 {
    (a as i128).wrapping_mul(b)
}
extern "C" fn c_align(a: CAligned, b: u64) -> u64 {
    a.0 ^ a.1 ^ a.2 ^ b ^ (&raw const a as u64 & 15)
}

#[unsafe(no_mangle)]
pub fn abi_table() -> Table {
    Table {
        odd,
        odd3,
        odd5,
        odd6,
        odd7,
        odd10,
        mixed,
        floats,
        wide,
        huge,
        many,
        wide_ints,
        stack128,
        on_stack,
        left_over,
        left_over_pair,
        slices,
        slice_back,
        option,
        result,
        choice,
        pair,
        dynamic,
        c_small,
        c_mixed,
        c_floats,
        c_big,
        c_uneven,
        c_many,
        c_wide,
        c_align,
    }
}

#[unsafe(no_mangle)]
pub fn drive_abi(log: &mut Log, t: &Table) {
    let o3 = black_box(Odd3(1, 200, 255));
    let o5 = black_box(Odd5([9, 8, 7, 6, 255]));
    let o6 = black_box(Odd6(1, 65535, 40000));
    let o7 = black_box(Odd7([1, 2, 3, 4, 5, 6, 255]));
    let o10 = black_box(Odd10([1, 2, 3, 4, 5, 6, 7, 8, 9, 255]));
    let r = (t.odd)(o3, o5, o6, o7, o10);
    log.put("odd", r.0);
    log.put("odd", r.1);
    let r = (t.odd3)(o3);
    log.put("odd3", r.0);
    log.put("odd3", r.1);
    log.put("odd3", r.2);
    for byte in (t.odd5)(o5).0.into_iter().chain((t.odd7)(o7).0).chain((t.odd10)(o10).0) {
        log.put("bytes", byte);
    }
    let r = (t.odd6)(o6);
    log.put("odd6", r.0);
    log.put("odd6", r.1);
    log.put("odd6", r.2);
    let r = (t.mixed)(Mixed(black_box(5), 2.5), Floats(3.0, 0.5));
    log.put("mixed", r.0);
    log.put("mixed", r.1);
    let r = (t.floats)(Floats(black_box(3.0), 0.5), 4.0);
    log.put("floats", r.0);
    log.put("floats", r.1);
    let r = (t.wide)(Wide(1, 2, black_box(3)), 250);
    log.put("wide", r.0);
    log.put("wide", r.1);
    log.put("wide", r.2);
    for word in (t.huge)(Huge(black_box([1, 2, 3, 4, 5, 6, 7, 8, 9])), 0xffff).0 {
        log.put("huge", word);
    }
    log.put(
        "many",
        (t.many)(
            200,
            -100,
            60000,
            -30000,
            4_000_000_000,
            -2_000_000_000,
            u64::MAX - 5,
            i64::MIN + 9,
            black_box(true),
            'ß',
            1.5,
            -2.5,
        ),
    );
    let big = black_box(0x0123_4567_89ab_cdef_fedc_ba98_7654_3210u128);
    log.put("wide_ints", (t.wide_ints)(big, 77, -5, !big));
    log.put("stack128", (t.stack128)(1, 2, 3, 4, big));
    log.put("on_stack", (t.on_stack)(1, 2, 3, 4, 5, 6, big, 2.5));
    log.put("left_over", (t.left_over)(1, 2, 3, 4, 5, big, 2.5, -7, -300, 200, 9));
    log.put("left_over_pair", (t.left_over_pair)(1, 2, 3, 4, true, big, b"abc", 77));
    let mut words = [0u32; 3];
    log.put("slices", (t.slices)(&[1, 2, 3, 4], "hällo", &mut words));
    log.put("slices", words[0] + words[1]);
    log.put("slice_back", (t.slice_back)(&[1, 2, 3, 4], 2).len());
    log.option("option", (t.option)(Some(5), Some(&6), None));
    log.option("option", (t.option)(None, Some(&6), None));
    log.option("option", (t.option)(Some(1), None, Some(3)));
    for n in 0..4 {
        match (t.result)(n) {
            Ok(ok) => log.put("ok", ok),
            Err(err) => log.put("err", err),
        }
    }
    let mut c = Choice::Nothing;
    for _ in 0..5 {
        c = (t.choice)(c);
        match c {
            Choice::Nothing => log.put("nothing", 0u8),
            Choice::Byte(b) => log.put("byte", b),
            Choice::Word(w) => log.put("word", w),
            Choice::Float(f) => log.put("float", f),
        }
    }
    let r = (t.pair)(255, black_box(false));
    log.put("pair", r.0);
    log.put("pair", r.1);
    let base = black_box(10);
    log.put("dynamic", (t.dynamic)(&|x| x * 2 + base, 5));
    let r = (t.c_small)(CSmall(1, 2), CMixed(3.5, 4));
    log.put("c_small", r.0);
    log.put("c_small", r.1);
    let r = (t.c_mixed)(CMixed(3.5, 4), 200, -5);
    log.put("c_mixed", r.0);
    log.put("c_mixed", r.1);
    let r = (t.c_floats)(CFloats(1.5, 2.5, 3.5), 2.0);
    log.put("c_floats", r.0);
    log.put("c_floats", r.1);
    log.put("c_floats", r.2);
    let r = (t.c_big)(1, CBig(2, 3, 4), 5, CBig(6, 7, 8));
    log.put("c_big", r.0);
    log.put("c_big", r.1);
    log.put("c_big", r.2);
    let mut bytes = [0u8; 21];
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = i as u8 * 3;
    }
    log.put("c_uneven", (t.c_uneven)(CUneven(bytes), 9, CUneven([200; 21])));
    log.put(
        "c_many",
        (t.c_many)(200, -100, 60000, -30000, 4, -2, 5, -6, true, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0),
    );
    log.put("c_wide", (t.c_wide)(big, -3));
    log.put("c_align", (t.c_align)(CAligned(1, 2, 4), 8));
}
