fn all() -> impl Iterator<Item = u8> {
    work(1)
}
