fn two() -> u8 {
    2
}
