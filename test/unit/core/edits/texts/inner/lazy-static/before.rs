fn outer() -> u8 {
    lazy_static! {
        static ref X: u8 = 1;
    }
    *X
}
