type A = u8;
