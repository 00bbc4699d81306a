#[cfg_attr(feature = "x", inline, other::instrument)]
fn call() -> u8 {
    work(1)
}
