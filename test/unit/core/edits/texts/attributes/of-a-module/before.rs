mod inner {
    #![allow(dead_code)]
    fn call() -> u8 {
        1
    }
}
