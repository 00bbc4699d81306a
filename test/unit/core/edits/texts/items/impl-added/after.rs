struct A;
impl Copy for A {}
