unsafe extern "system" {
    fn call(n: u8);
}
