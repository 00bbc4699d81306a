macro_rules! one {
    () => { ' };
}
