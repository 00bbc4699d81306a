macro_rules! one {
    () => {
        1
    };
}
