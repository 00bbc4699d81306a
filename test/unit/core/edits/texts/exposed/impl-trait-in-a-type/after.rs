fn all() -> Option<Box<impl Fn() -> u8>> {
    work(2)
}
