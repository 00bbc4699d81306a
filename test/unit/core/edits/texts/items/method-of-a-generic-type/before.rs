struct A<T>(T);
impl<T> A<T> { fn one(&self) -> u8 { 1 } }
