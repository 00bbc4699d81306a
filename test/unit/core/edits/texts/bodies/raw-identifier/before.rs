fn r#match() -> u8 {
    1
}
