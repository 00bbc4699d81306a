#[repr(u8)]
enum A {
    One = 1,
}
