fn outer() -> u8 {
    make_items! {
        X = 1
    }
    X
}
