struct A;
impl A {
    fn call(&self) -> u8 {
        1
    }
}
