struct A;
fn main() {}
