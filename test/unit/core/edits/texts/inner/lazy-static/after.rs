fn outer() -> u8 {
    lazy_static! {
        static ref X: u8 = 2;
    }
    *X
}
