unsafe extern "C" {
    fn call(n: u8);
}
