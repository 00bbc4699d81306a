fn call() -> u8 {
    one!(2 €)
}
