macro_rules! one {
    () => { ' + };
}
