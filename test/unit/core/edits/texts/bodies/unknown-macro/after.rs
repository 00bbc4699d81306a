fn text() -> String {
    my_format!("{}", 2)
}
