fn outer() -> u8 {
    struct Local {
        x: u16,
    }
    Local { x: 1 }.x
}
