#[inline(always)]
#[must_use]
#[track_caller]
fn half(n: u32) -> u32 {
    n / 2
}
