#[inline]
fn call(x: u8) -> u8 {
    x
}
