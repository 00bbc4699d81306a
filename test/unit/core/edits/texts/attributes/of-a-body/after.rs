fn call() -> u8 {
    #![allow(dead_code)]
    work(1)
}
