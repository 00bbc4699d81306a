struct A<T>(T);
impl A<u8> {
    fn call(&self) -> u8 {
        1
    }
}
