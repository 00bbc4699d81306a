type A = u16;
