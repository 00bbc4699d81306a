static F: fn() -> u8 = || {
    work(1)
};
