fn outer() -> u8 {
    struct Local {
        x: u8,
    }
    Local { x: 1 }.x
}
