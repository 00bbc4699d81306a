fn call() -> u8 {
    2 /* one /* two */
}
