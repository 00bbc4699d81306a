#[tracing::instrument]
fn call() -> u8 {
    work(2)
}
