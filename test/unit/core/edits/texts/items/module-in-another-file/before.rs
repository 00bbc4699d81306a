#[path = "one.rs"]
mod one;
