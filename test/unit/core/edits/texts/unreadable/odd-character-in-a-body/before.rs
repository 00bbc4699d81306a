fn call() -> u8 {
    one!(1 €)
}
