fn fail() -> ! {
    panic!("two")
}
