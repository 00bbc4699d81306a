//! The socket: who may connect, and which request does what.

use std::fs::File;
use std::io::{self, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cranefly_compile::contained;
use cranefly_program::STACK;
use cranefly_wire::{InitializeParams, InitializeResult, PROTOCOL, RpcError, WorkspaceParams, rpc};
use rustix::fs::FlockOperation;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::engine::Engine;
use crate::handlers;

/// Connections that are served at a time; more are closed at once.
const MAX_CONNECTIONS: usize = 256;

/// How often it is looked whether the daemon is needed still.
const CHECK: Duration = Duration::from_secs(10);

/// How soon it is looked again whether the socket is gone.
const CHECK_AGAIN: Duration = Duration::from_secs(1);

/// How long nobody is accepted after that failed.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// The daemon's front: accepts connections until it is told to stop, has been idle for long enough, or cannot be reached any more.
pub struct Server {
    engine: Arc<Engine>,
    idle: Duration,
    state: Arc<State>,
}

struct State {
    listener: UnixListener,
    socket: Socket,
    started: Instant,
    connections: AtomicUsize,
    /// Milliseconds from `started` to the last request.
    last_use: AtomicU64,
    stop: AtomicBool,
}

impl Server {
    /// A server for `engine`. `listener` is bound to the file `socket`.
    pub fn new(engine: Arc<Engine>, listener: UnixListener, socket: &Path, idle: Duration) -> Self {
        let state = State {
            listener,
            socket: Socket::new(socket),
            started: Instant::now(),
            connections: AtomicUsize::new(0),
            last_use: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        };
        Self { engine, idle, state: Arc::new(state) }
    }

    /// Serves until the end.
    pub fn run(&self) -> io::Result<()> {
        self.watch_need();
        for stream in self.state.listener.incoming() {
            if self.state.stop.load(Ordering::Relaxed) {
                break;
            }
            match stream {
                Ok(stream) => {
                    if let Err(error) = self.accept(stream) {
                        tracing::warn!(%error, "connection refused");
                    }
                }
                // No descriptors or no memory left, mostly: that passes. Whoever connects waits meanwhile.
                Err(error) => {
                    tracing::warn!(%error, "no connection");
                    std::thread::sleep(ACCEPT_AGAIN);
                }
            }
        }
        // Whoever connects from now on is refused at once, rather than left to wait with the lock in hand.
        self.state.wake();
        self.state.socket.remove();
        Ok(())
    }

    fn accept(&self, stream: UnixStream) -> io::Result<()> {
        let peer = rustix::net::sockopt::socket_peercred(&stream)?;
        if peer.uid != rustix::process::getuid() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "another user's process"));
        }
        if self.state.connections.load(Ordering::Relaxed) >= MAX_CONNECTIONS {
            return Err(io::Error::other("too many connections"));
        }
        let engine = self.engine.clone();
        self.state.connections.fetch_add(1, Ordering::Relaxed);
        // Counts it out when it ends, or cannot begin.
        let connection = Connection(self.state.clone());
        std::thread::Builder::new().name("connection".to_owned()).stack_size(STACK).spawn(move || {
            let state = &connection.0;
            let result = rpc::serve(BufReader::new(&stream), &stream, |method, params| {
                state.touch();
                let result = survived(method, || dispatch(&engine, state, method, params));
                state.touch();
                result
            });
            if let Err(error) = result {
                tracing::warn!(%error, "connection ended");
            }
        })?;
        Ok(())
    }

    fn watch_need(&self) {
        let (engine, state, idle) = (self.engine.clone(), self.state.clone(), self.idle);
        std::thread::spawn(move || {
            let mut was_lost = false;
            loop {
                let wait = if was_lost { CHECK_AGAIN } else { idle.min(CHECK).max(Duration::from_millis(100)) };
                std::thread::sleep(wait);
                if state.connections.load(Ordering::Relaxed) > 0 {
                    continue;
                }
                let quiet = state.started.elapsed() - Duration::from_millis(state.last_use.load(Ordering::Relaxed));
                // Programs that may need a function find the daemon without its socket, and could start no other one there.
                let is_lost = state.socket.is_lost() && !engine.is_awaited();
                // Somebody may just be putting it back.
                let is_lost_for_good = was_lost && is_lost;
                was_lost = is_lost;
                if quiet >= idle || is_lost_for_good {
                    tracing::info!(is_lost, "not needed: stopping");
                    state.stop.store(true, Ordering::Relaxed);
                    state.wake();
                    return;
                }
            }
        });
    }
}

/// Keeps daemons that start or end at the same time from removing each other's socket, for as long as the file lives.
pub fn lock_socket(socket: &Path) -> io::Result<File> {
    let lock = File::create(socket.with_extension("lock"))?;
    rustix::fs::flock(&lock, FlockOperation::LockExclusive)?;
    Ok(lock)
}

/// The file that clients connect to. Whoever ends sessions or tidies temporary files may remove it, and another daemon may have one in
/// its place by then.
struct Socket {
    path: PathBuf,
    /// Device and inode, if they could be found out.
    identity: Option<(u64, u64)>,
}

impl Socket {
    fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), identity: Self::identity(path).ok() }
    }

    fn identity(path: &Path) -> io::Result<(u64, u64)> {
        std::fs::symlink_metadata(path).map(|socket| (socket.dev(), socket.ino()))
    }

    /// Whether clients do not reach this daemon there any more. Where that cannot be found out it is not.
    fn is_lost(&self) -> bool {
        match Self::identity(&self.path) {
            Ok(current) => self.identity.is_some_and(|own| own != current),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    /// Removes it if it is still this daemon's. (Whoever starts next removes it otherwise.)
    fn remove(&self) {
        let Ok(_lock) = lock_socket(&self.path) else { return };
        if self.identity.is_some_and(|own| Self::identity(&self.path).is_ok_and(|current| current == own)) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// One of [`State::connections`].
struct Connection(Arc<State>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
        if self.0.stop.load(Ordering::Relaxed) {
            self.0.wake();
        }
    }
}

impl State {
    fn touch(&self) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_use.store(now, Ordering::Relaxed);
    }

    /// Lets the accepting thread see that it is to stop. (Not by a connection: the socket's file may be gone.)
    fn wake(&self) {
        // It fails if that thread has ended already.
        let _ = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
    }
}

/// A panic costs one request.
fn survived(method: &str, handle: impl FnOnce() -> Result<Value, RpcError>) -> Result<Value, RpcError> {
    contained(method, handle).unwrap_or_else(|panicked| Err(RpcError::failed("internal", panicked.to_string())))
}

fn dispatch(engine: &Engine, state: &State, method: &str, params: Value) -> Result<Value, RpcError> {
    match method {
        "initialize" => {
            let params: InitializeParams = parse(params)?;
            if params.protocol != PROTOCOL {
                let message = format!("the engine speaks protocol {PROTOCOL}, the client {}", params.protocol);
                return Err(RpcError::failed("protocol", message));
            }
            answer(&InitializeResult {
                protocol: PROTOCOL,
                version: env!("CARGO_PKG_VERSION"),
                pid: std::process::id(),
                toolchain: engine.sysroot().to_owned(),
            })
        }
        "publish" => answer(&handlers::publish(engine, parse(params)?)?),
        "instances" => answer(&handlers::instances(engine, parse(params)?)?),
        "instantiators" => answer(&handlers::instantiators(engine, parse(params)?)?),
        "tests" => answer(&handlers::tests(engine, parse(params)?)?),
        "functions" => answer(&handlers::functions(engine, &parse(params)?)?),
        "summary" => answer(&handlers::summary(engine, &parse(params)?)?),
        "inspect" => answer(&handlers::inspect(engine, &parse(params)?)?),
        "compile" => answer(&handlers::compile(engine, &parse(params)?)?),
        "status" => answer(&handlers::status(engine)),
        "evict" => {
            engine.programs().evict(&parse::<WorkspaceParams>(params)?.workspace);
            Ok(Value::Object(serde_json::Map::new()))
        }
        "shutdown" => {
            state.stop.store(true, Ordering::Relaxed);
            Ok(Value::Object(serde_json::Map::new()))
        }
        _ => {
            let message = format!("unknown method `{method}`");
            Err(RpcError { code: -32601, message, kind: "method", details: None })
        }
    }
}

fn parse<T: DeserializeOwned>(params: Value) -> Result<T, RpcError> {
    serde_json::from_value(params).map_err(|error| RpcError::invalid(error.to_string()))
}

fn answer(result: &impl serde::Serialize) -> Result<Value, RpcError> {
    serde_json::to_value(result).map_err(|error| RpcError::failed("internal", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_costs_one_request() {
        let error = survived("bad", || panic!("a bug")).unwrap_err();
        assert_eq!(error.kind, "internal");
        assert!(error.message.contains("a bug"), "{error:?}");
        assert_eq!(survived("good", || Ok(Value::from("fine"))).unwrap(), "fine");
    }

    /// An empty folder of this test process's.
    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("cranefly-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir(&folder).unwrap();
        folder
    }

    #[test]
    fn a_socket_is_lost_when_it_is_gone_or_another_has_its_place() {
        let folder = folder("lost-socket");
        let socket = Socket::new(&folder.join("engine.sock"));
        assert!(socket.is_lost(), "it is not there");
        let _listener = UnixListener::bind(&socket.path).unwrap();
        let socket = Socket::new(&socket.path);
        assert!(!socket.is_lost());
        // Nobody can tell whether it is there: what would be its folder is none for as long.
        let elsewhere = folder.with_extension("elsewhere");
        std::fs::rename(&folder, &elsewhere).unwrap();
        std::fs::write(&folder, "").unwrap();
        assert_ne!(Socket::identity(&socket.path).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(!socket.is_lost());
        std::fs::remove_file(&folder).unwrap();
        assert!(socket.is_lost(), "its folder is gone");
        std::fs::rename(&elsewhere, &folder).unwrap();
        assert!(!socket.is_lost());
        std::fs::rename(&socket.path, folder.join("aside")).unwrap();
        let _successor = UnixListener::bind(&socket.path).unwrap();
        assert!(socket.is_lost(), "it is another daemon's");
        socket.remove();
        assert!(socket.path.exists(), "it is not this daemon's to remove");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_socket_is_removed_while_no_other_daemon_begins() {
        let folder = folder("removed-socket");
        let path = folder.join("engine.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        let socket = Socket::new(&path);
        let lock = lock_socket(&path).unwrap();
        std::thread::scope(|scope| {
            let removing = scope.spawn(|| socket.remove());
            std::thread::sleep(Duration::from_millis(200));
            assert!(path.exists() && !removing.is_finished(), "another daemon has the lock");
            drop(lock);
        });
        assert!(!path.exists());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
