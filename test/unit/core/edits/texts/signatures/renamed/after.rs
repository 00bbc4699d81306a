#[inline]
fn called(x: u8) -> u8 {
    x
}
