fn and(x: &&u8) -> u8 {
    **x && 3
}
