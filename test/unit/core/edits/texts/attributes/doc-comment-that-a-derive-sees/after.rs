#[derive(Parser)]
struct Arguments {
    /// Use.
    x: u8,
}
