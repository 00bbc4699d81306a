enum A {
    One,
    Two(u16),
}
