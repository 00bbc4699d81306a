struct A(u8, u16);
