#[inline]
fn call<T>(x: u8) -> u8 {
    x
}
