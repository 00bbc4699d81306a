enum A {
    One,
}
