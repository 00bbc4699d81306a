fn call() -> u8 {
    #![allow(unused)]
    work(1)
}
