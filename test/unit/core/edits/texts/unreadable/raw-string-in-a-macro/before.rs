macro_rules! one {
    () => { r#"a" };
}
