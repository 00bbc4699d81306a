unsafe extern "C" {
    static N: u8;
}
