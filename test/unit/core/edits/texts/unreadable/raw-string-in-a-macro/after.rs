macro_rules! one {
    () => { r#"b" };
}
