trait Shape {
    fn area(&self) -> f32;
}
