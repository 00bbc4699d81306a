struct A;

#[cfg(unix)]
impl A {
    fn a(&self) {}
}
