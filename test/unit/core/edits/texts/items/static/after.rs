static N: u8 = 2;
