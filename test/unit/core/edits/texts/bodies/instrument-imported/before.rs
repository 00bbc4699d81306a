use tracing::{self, debug, instrument};

#[instrument(err)]
async fn call() -> u8 {
    work(1)
}
