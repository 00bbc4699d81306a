fn used(x: u32) -> u32 {
    x + 1
}
/// Helps.
#[cfg(test)]
fn helper() -> u32 {
    20
}
#[cfg(all(test, unix))]
fn perhaps() -> u32 {
    30
}
#[cfg(test)]
mod tests {
    use super::*;
    const EXPECTED: u32 = 2;
    #[test]
    fn adds() {
        assert_eq!(used(1), EXPECTED);
    }
}
#[test]
fn alone() {
    assert_eq!(used(40), 41);
}
fn last() -> u32 {
    used(50)
}
