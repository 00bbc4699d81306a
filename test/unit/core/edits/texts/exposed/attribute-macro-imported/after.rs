#[instrument(skip(x))]
fn call(x: u8) -> u8 {
    work(2)
}
