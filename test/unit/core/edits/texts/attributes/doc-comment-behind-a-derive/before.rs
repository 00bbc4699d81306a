#[derive(Parser)]
/// Help.
struct Arguments;
