#[cfg_attr(feature = "x", inline, tracing::instrument(skip_all))]
fn call() -> u8 {
    work(2)
}
