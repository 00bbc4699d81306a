struct A<T>(T);
impl A<u16> {
    fn call(&self) -> u8 {
        1
    }
}
