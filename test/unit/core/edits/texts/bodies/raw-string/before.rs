fn text() -> &'static str {
    r#"} " {"#
}
fn other() -> u8 {
    1
}
