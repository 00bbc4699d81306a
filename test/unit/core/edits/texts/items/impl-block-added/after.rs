struct A;
impl A {
    const ONE: u8 = 1;
    pub fn one(&self) -> u8 { 1 }
}
fn main() {}
