fn r#match() -> u8 {
    2
}
