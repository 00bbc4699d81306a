fn text() -> &'static str {
    "one
    two"
}
