fn outer() -> u8 {
    make_items! {
        X = 2
    }
    X
}
