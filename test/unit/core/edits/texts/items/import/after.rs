use std::io;
