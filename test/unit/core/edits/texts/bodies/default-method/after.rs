pub trait Shape {
    const SIDES: u32 = 3;
    fn area(&self) -> f64;
    fn twice(&self) -> f64 {
        self.area() * 3.0
    }
}
