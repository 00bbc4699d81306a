mod inner { pub fn call() {} }
