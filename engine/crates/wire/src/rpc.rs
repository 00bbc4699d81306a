//! JSON-RPC framing of one connection.

use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Longest message that is read. A request names files, so even thousands of units stay far below.
const MAX_MESSAGE: usize = 64 << 20;

/// An error as the client gets it.
#[derive(Debug)]
pub struct RpcError {
    /// JSON-RPC code.
    pub code: i64,
    /// For the user.
    pub message: String,
    /// For programs: `data.kind`.
    pub kind: &'static str,
    /// For programs: `data.details`, when there is more to say.
    pub details: Option<Value>,
}

impl RpcError {
    /// The request cannot be understood.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self { code: -32602, message: message.into(), kind: "invalid", details: None }
    }

    /// The request failed.
    pub fn failed(kind: &'static str, message: impl Into<String>) -> Self {
        Self { code: -32000, message: message.into(), kind, details: None }
    }
}

#[derive(Deserialize)]
struct Request {
    id: Option<Value>,
    method: String,
    #[serde(default)]
    params: Value,
}

/// Answers the requests that `reader` holds until it ends. `handle` runs for one request at a time.
///
/// # Errors
/// The connection cannot be read or written, or holds what is no message.
pub fn serve(
    mut reader: impl BufRead,
    mut writer: impl Write,
    mut handle: impl FnMut(&str, Value) -> Result<Value, RpcError>,
) -> io::Result<()> {
    while let Some(body) = read_message(&mut reader)? {
        let request: Request = match serde_json::from_slice(&body) {
            Ok(request) => request,
            Err(error) => {
                let error = json!({"code": -32700, "message": error.to_string()});
                write_message(&mut writer, &json!({"jsonrpc": "2.0", "id": null, "error": error}))?;
                continue;
            }
        };
        let result = handle(&request.method, request.params);
        let Some(id) = request.id else { continue };
        let answer = match result {
            Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
            Err(error) => {
                let data = json!({"kind": error.kind, "details": error.details});
                let error = json!({"code": error.code, "message": error.message, "data": data});
                json!({"jsonrpc": "2.0", "id": id, "error": error})
            }
        };
        write_message(&mut writer, &answer)?;
    }
    Ok(())
}

fn read_message(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let bad = |message: &str| io::Error::new(io::ErrorKind::InvalidData, message.to_owned());
    let mut length = None;
    loop {
        let mut line = String::new();
        // No header of ours is longer.
        if reader.by_ref().take(1024).read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = Some(value.trim().parse::<usize>().map_err(|_| bad("Content-Length is not a number"))?);
        }
    }
    let length = length.ok_or_else(|| bad("a message without Content-Length"))?;
    if length > MAX_MESSAGE {
        return Err(bad("a message of more than 64 MB"));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(body))
}

fn write_message(writer: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    let mut bytes = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend(body);
    writer.write_all(&bytes)
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn framed(method: &str) -> Vec<u8> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method}).to_string();
        format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    #[test]
    fn what_fails_is_answered_and_the_next_request_is_served() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let server = std::thread::spawn(move || {
            serve(BufReader::new(&theirs), &theirs, |method, _| match method {
                "bad" => Err(RpcError::failed("broken", "it is broken")),
                _ => Ok(json!("fine")),
            })
        });
        ours.write_all(&[framed("bad"), framed("good")].concat()).unwrap();
        let mut reader = BufReader::new(ours.try_clone().unwrap());
        let mut answer = || -> Value { serde_json::from_slice(&read_message(&mut reader).unwrap().unwrap()).unwrap() };
        let error = answer();
        assert_eq!(error["error"]["data"], json!({"kind": "broken", "details": null}), "{error}");
        assert_eq!(error["error"]["message"], "it is broken");
        assert_eq!(answer()["result"], "fine");
        ours.shutdown(std::net::Shutdown::Write).unwrap();
        server.join().unwrap().unwrap();
    }

    #[test]
    fn messages_are_read_up_to_the_limit() {
        let read = |length: usize| read_message(&mut format!("Content-Length: {length}\r\n\r\n").as_bytes());
        // Cut short, that is: the message itself was to be read.
        assert_eq!(read(MAX_MESSAGE).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(read(MAX_MESSAGE + 1).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
