fn first(all: &[u8]) -> u8 {
    let [first, ..] = all else { return 1 };
    *first
}
