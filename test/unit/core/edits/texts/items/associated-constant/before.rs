struct A;
impl A {
    const N: u8 = 1;
    fn call(&self) -> u8 {
        Self::N
    }
}
