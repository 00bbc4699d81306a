#[derive(Parser)]
/// Use.
struct Arguments;
