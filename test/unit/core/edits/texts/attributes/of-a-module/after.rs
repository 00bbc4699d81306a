mod inner {
    #![allow(unused)]
    fn call() -> u8 {
        1
    }
}
