#[derive(Parser)]
struct Arguments {
    /// Help.
    x: u8,
}
