use tracing::instrument as i;

#[i]
fn call() -> u8 {
    work(1)
}
