fn call(x: one!(1 €)) -> u8 {
    1
}
