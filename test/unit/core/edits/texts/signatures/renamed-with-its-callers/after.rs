fn first() -> u8 {
    1
}
fn two() -> u8 {
    first()
}
