fn one() -> u8 {
    10
}
fn two() -> u8 {
    2
}
fn three() -> u8 {
    30
}
