#[inline]
fn call(x: u16) -> u8 {
    x
}
