unsafe extern "C" {
    static N: u16;
}
