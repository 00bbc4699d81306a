trait A {
    const N: u8 = 2;
}
