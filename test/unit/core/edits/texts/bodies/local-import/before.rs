fn level() -> u8 {
    use std::cmp::max;
    max(1, 2)
}
