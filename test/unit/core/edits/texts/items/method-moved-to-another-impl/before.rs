struct A;
impl A { fn one(&self) -> u8 { 1 } fn two(&self) -> u8 { 2 } }
impl A { fn three(&self) -> u8 { 3 } }
