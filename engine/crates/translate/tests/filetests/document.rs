//! A file of LLVM IR: its functions, and the comments behind them.

/// What comes before the names of the processor features that the file's functions may use, as Cranelift calls them.
const FEATURES: &str = "; features: ";

/// A file by lines.
pub struct Document<'a> {
    lines: Vec<&'a str>,
}

impl<'a> Document<'a> {
    pub fn parse(text: &'a str) -> Self {
        Self { lines: text.lines().collect() }
    }

    /// Names of Cranelift's settings for x86-64.
    pub fn features(&self) -> impl Iterator<Item = &'a str> + '_ {
        let list = self.lines.iter().find_map(|line| line.strip_prefix(FEATURES)).unwrap_or("");
        list.split(',').map(str::trim).filter(|name| !name.is_empty())
    }

    /// The text with the comments behind every function replaced by `found`: names, in the file's order, and lines.
    pub fn with_expectations(&self, found: &[(String, String)]) -> Result<String, String> {
        let mut out = String::new();
        let mut found = found.iter();
        let mut lines = self.lines.iter().peekable();
        let mut defining = None;
        while let Some(line) = lines.next() {
            out.push_str(line);
            out.push('\n');
            if let Some(name) = defined(line) {
                defining = Some(name);
            }
            let Some(name) = defining.filter(|_| *line == "}") else { continue };
            defining = None;
            let (given, result) = found.next().ok_or_else(|| format!("{name} has no result"))?;
            if given != name {
                return Err(format!("{name} comes where {given} is expected: one definition begins and ends a line"));
            }
            while lines.next_if(|line| line.starts_with(';')).is_some() {}
            for line in result.lines() {
                out.push_str(format!("; {line}").trim_end());
                out.push('\n');
            }
        }
        match found.next() {
            Some((name, _)) => Err(format!("{name} is defined, but not as this test reads files")),
            None => Ok(out),
        }
    }
}

/// The name of the function whose definition begins with `line`.
fn defined(line: &str) -> Option<&str> {
    let (_, rest) = line.strip_prefix("define ")?.split_once('@')?;
    rest.split_once('(').map(|(name, _)| name)
}
