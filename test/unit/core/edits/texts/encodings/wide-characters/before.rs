// Größe 🦀
fn größe() -> &'static str {
    "🦀 é"
}
fn other() -> u8 {
    1
}
