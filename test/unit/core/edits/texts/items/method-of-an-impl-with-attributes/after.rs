struct A;

#[cfg(unix)]
impl A {
    fn a(&self) {}
    fn b(&self) {}
}
