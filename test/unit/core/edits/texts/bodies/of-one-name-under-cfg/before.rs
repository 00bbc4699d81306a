#[cfg(unix)]
fn system() -> &'static str {
    "unix"
}
#[cfg(not(unix))]
fn system() -> &'static str {
    "other"
}
