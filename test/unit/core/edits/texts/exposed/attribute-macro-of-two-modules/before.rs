use tracing::instrument;
mod m {
    use other::instrument;
}

#[instrument]
fn call() -> u8 {
    work(1)
}
