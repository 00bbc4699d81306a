#[rocket::launch]
async fn main() {
    work(2)
}
