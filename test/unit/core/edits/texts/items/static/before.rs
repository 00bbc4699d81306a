static N: u8 = 1;
