fn one() -> u8 { 1 }
