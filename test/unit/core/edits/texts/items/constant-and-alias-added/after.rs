mod inner {
    type One = u8;
    const ONE: One = 1;
    pub fn call() {}
}
