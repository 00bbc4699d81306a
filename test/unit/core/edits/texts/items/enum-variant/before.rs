enum A {
    One,
    Two(u8),
}
