struct Name(String);

impl<'a> From<&'a str> for Name {
    fn from(text: &'a str) -> Self {
        Name(text.to_uppercase())
    }
}
