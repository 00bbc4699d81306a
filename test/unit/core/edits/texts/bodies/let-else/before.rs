fn first(all: &[u8]) -> u8 {
    let [first, ..] = all else { return 0 };
    *first
}
