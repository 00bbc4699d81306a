struct A;
impl A {
    const N: u8 = 2;
    fn call(&self) -> u8 {
        Self::N
    }
}
