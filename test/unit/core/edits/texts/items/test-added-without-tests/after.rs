fn one() -> u8 { 1 }
#[cfg(test)]
mod tests { use super::*; fn helper() {} }
