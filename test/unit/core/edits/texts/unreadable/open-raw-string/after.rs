fn call() -> u8 {
    work(r#"1")
}
