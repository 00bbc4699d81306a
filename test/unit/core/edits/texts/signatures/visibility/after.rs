#[inline]
pub(crate) fn call(x: u8) -> u8 {
    x
}
