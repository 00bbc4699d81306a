fn two() -> u8 { 2 }
fn one() -> u8 { 3 }
