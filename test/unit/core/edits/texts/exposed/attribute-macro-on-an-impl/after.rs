#[async_trait]
impl A for B {
    fn call(&self) -> u8 {
        work(2)
    }
}
