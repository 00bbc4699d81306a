fn fail() -> ! {
    panic!("one")
}
