struct A;
impl A {
    fn one(&self) -> u8 {
        1
    }
}
