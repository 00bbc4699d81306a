#[tokio::main]
async fn main() {
    work(1)
}
