fn call<'a>(x: &'a str, y: &'a str) -> &'a str {
    x
}
