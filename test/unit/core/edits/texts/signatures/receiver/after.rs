struct A;
impl A {
    fn call(&mut self) -> u8 {
        1
    }
}
