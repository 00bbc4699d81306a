fn text() -> &'static str {
    "a // b } c"
}
fn other() -> u8 {
    1
}
