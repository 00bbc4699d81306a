fn call<'a>(x: &'a str, y: &str) -> &'a str {
    x
}
