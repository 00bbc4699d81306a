struct A;
impl One for A {
    fn call(&self) -> u8 {
        1
    }
}
