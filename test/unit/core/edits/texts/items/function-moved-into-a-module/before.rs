fn call() -> u8 {
    1
}
mod inner {}
