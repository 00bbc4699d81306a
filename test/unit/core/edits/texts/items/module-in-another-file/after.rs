#[path = "two.rs"]
mod one;
