#[inline]
fn call(x: u8) -> u16 {
    x
}
