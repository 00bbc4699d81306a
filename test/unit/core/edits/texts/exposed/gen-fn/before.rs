gen fn numbers() -> u8 {
    yield 1;
}
