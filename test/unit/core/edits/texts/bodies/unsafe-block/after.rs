fn first(all: &[u8]) -> u8 {
    unsafe { *all.get_unchecked(0) }
}
