// Größe 🦀
fn größe() -> &'static str {
    "🦀🦀 ü"
}
fn other() -> u8 {
    1
}
