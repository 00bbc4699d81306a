fn call() -> u8 {
    1 /* one /* two */
}
