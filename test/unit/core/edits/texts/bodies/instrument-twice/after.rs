use ::tracing::{info, instrument};

/// To use.
#[instrument]
fn other() {}

#[instrument]
fn call() -> u8 {
    work(2)
}
