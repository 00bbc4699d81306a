trait A {
    const N: u8 = 1;
}
