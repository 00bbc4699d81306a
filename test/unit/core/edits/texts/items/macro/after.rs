macro_rules! one {
    () => {
        2
    };
}
