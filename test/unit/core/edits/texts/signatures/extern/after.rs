#[inline]
extern "C" fn call(x: u8) -> u8 {
    x
}
