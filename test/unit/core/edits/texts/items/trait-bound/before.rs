trait A: Send {
    fn call(&self);
}
