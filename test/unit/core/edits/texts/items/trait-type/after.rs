trait A {
    type Item: Send;
}
