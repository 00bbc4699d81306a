fn level() -> u8 {
    #[cfg(debug_assertions)]
    return 1;
    2
}
