impl const A for B {
    fn call(&self) -> u8 {
        1 + 1
    }
}
