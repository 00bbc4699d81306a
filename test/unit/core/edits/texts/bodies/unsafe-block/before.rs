fn first(all: &[u8]) -> u8 {
    all[0]
}
