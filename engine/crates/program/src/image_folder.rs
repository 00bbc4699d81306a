//! Where images live: a folder in memory from which code may be mapped.
//!
//! Who may start a program's executable must find its image: root that becomes somebody else, or another user's service. So
//! others may pass through the folders of images (0711). What they find there they must have been told: nobody but the owner may
//! list or change these folders, and their names cannot be guessed, as they hold 128 random bits; an executable holds its
//! image's. So an image is as well hidden as the executable that leads to it, wherever that lies. What others may do with an
//! image is what they may do with what the linker makes ([`cranefly_image::BaseImage::mode`]); everything else in the
//! folder is the owner's alone by its own mode.

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::mm::{MapFlags, ProtFlags};

use crate::folders::{is_ours, is_own_folder};
use crate::session_links;

/// An image of a large program takes about a hundred megabytes, and there are two while one replaces the other.
const ENOUGH: u64 = 256 << 20;

/// What a folder holds besides images: the path of the socket of the daemon that it belongs to.
pub const SOCKET: &str = "socket";

/// Others may pass through, and nothing else.
const PASSABLE: u32 = 0o711;

/// Why there is no folder for images.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The path of the daemon's socket does not end in a file's name.
    #[error("the socket {} has no name", .0.display())]
    NamelessSocket(PathBuf),
    /// The folder cannot be made, or is not this user's.
    #[error("cannot make a folder for program images at {}: {source}", path.display())]
    Make {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No place will do: code could not be mapped from there, or it is not this user's.
    #[error("no folder for program images: {}; make one of them usable", reasons.join("; "))]
    Nowhere {
        /// What is wrong with each.
        reasons: Vec<String>,
    },
}

/// The folder that a daemon keeps its images in. Whoever ends sessions or tidies temporary files may remove it at any time.
#[derive(Debug)]
pub struct ImageFolder {
    socket: PathBuf,
    path: Mutex<PathBuf>,
}

impl ImageFolder {
    /// Finds a place, and makes the folder of the daemon with this socket there, or finds the one that it had before.
    ///
    /// # Errors
    /// No place will do.
    pub fn make(socket: &Path) -> Result<Self, FolderError> {
        Ok(Self { socket: socket.to_owned(), path: Mutex::new(make(socket)?) })
    }

    /// All that daemons with this socket have made, this one included.
    ///
    /// # Errors
    /// The socket has no name.
    pub fn all(&self) -> Result<Vec<PathBuf>, FolderError> {
        Ok(all_known(&name_of(&self.socket)?))
    }

    /// Where it is; made anew, elsewhere if need be, when it is gone.
    ///
    /// # Errors
    /// No place will do any more.
    pub fn path(&self) -> Result<PathBuf, FolderError> {
        let mut path = self.path.lock().unwrap_or_else(PoisonError::into_inner);
        if !path.is_dir() {
            *path = make(&self.socket)?;
            session_links::tidy();
            tracing::info!(folder = %path.display(), "the folder of images was removed, and is made anew");
        }
        Ok(path.clone())
    }
}

fn make(socket: &Path) -> Result<PathBuf, FolderError> {
    let name = name_of(socket)?;
    // Images that the daemon before has left are there, whichever folder has most room by now.
    let before = all_known(&name).into_iter().find(|path| path.parent().is_some_and(|parent| usable(parent).is_ok()));
    let path = match before {
        Some(path) => path,
        None => {
            let parent = find()?;
            let name = unguessable(&name).map_err(|source| FolderError::Make { path: parent.clone(), source })?;
            parent.join(name)
        }
    };
    let failed = |source| FolderError::Make { path: path.clone(), source };
    passable_folder(&path).and_then(|()| note_socket(&path, socket)).map_err(failed)?;
    Ok(path)
}

fn note_socket(folder: &Path, socket: &Path) -> io::Result<()> {
    let note = folder.join(SOCKET);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(note)?;
    file.write_all(socket.as_os_str().as_bytes())
}

/// What the names of a daemon's folders begin with: daemons whose sockets are in other folders have others.
fn name_of(socket: &Path) -> Result<OsString, FolderError> {
    let name = socket.file_stem().ok_or_else(|| FolderError::NamelessSocket(socket.to_owned()))?;
    let mut name = name.to_owned();
    let folder = socket.parent().unwrap_or(Path::new("/")).as_os_str().as_bytes();
    name.push(format!("-{}-", &blake3::hash(folder).to_hex()[..8]));
    Ok(name)
}

/// The folders that this user has made for such a name, of which there may be one in each place.
fn all_known(name: &OsStr) -> Vec<PathBuf> {
    let uid = rustix::process::getuid().as_raw();
    let parents = candidates().into_iter().filter(|parent| is_ours(parent));
    let entries = parents.filter_map(|parent| std::fs::read_dir(parent).ok()).flatten().filter_map(Result::ok);
    // Others come and go meanwhile, as other daemons' probes do.
    let named = entries.filter(|entry| {
        let is_named = entry.file_name().as_bytes().starts_with(name.as_bytes());
        is_named && entry.metadata().is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == uid)
    });
    named.map(|entry| entry.path()).collect()
}

fn unguessable(name: &OsStr) -> io::Result<OsString> {
    let mut secret = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut secret)?;
    let mut name = name.to_owned();
    name.push(secret.map(|byte| format!("{byte:02x}")).concat());
    Ok(name)
}

/// The socket of the daemon that `folder` belongs to.
pub fn socket_of(folder: &Path) -> Option<PathBuf> {
    std::fs::read(folder.join(SOCKET)).ok().map(|path| PathBuf::from(OsString::from_vec(path)))
}

/// Makes `folder`, or checks that it is one of ours: others may pass through it, and nothing else.
fn passable_folder(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    // Not following a link: someone else may have put it there.
    let metadata = std::fs::symlink_metadata(folder)?;
    // Where others might have written, anything may lie.
    if !is_own_folder(&metadata) {
        let message = format!("{} is not a folder that only this user may change", folder.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    if metadata.mode() & 0o777 == PASSABLE { Ok(()) } else { set_mode(folder, PASSABLE) }
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}

/// Where images may be: `/dev/shm`, `$XDG_RUNTIME_DIR` and the temporary folder. (The second is the first one if others may pass
/// through it; mostly it is the user's alone.)
pub fn candidates() -> Vec<PathBuf> {
    let uid = rustix::process::getuid().as_raw();
    let memory = Some(PathBuf::from(format!("/dev/shm/cranefly-{uid}")));
    let session = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let is_passable = session
        .as_ref()
        .is_some_and(|folder| std::fs::metadata(folder).is_ok_and(|metadata| metadata.mode() & 0o001 != 0));
    let session = session.map(|folder| folder.join("cranefly-images"));
    let [first, second] = if is_passable { [session, memory] } else { [memory, session] };
    [first, second, Some(std::env::temp_dir().join(format!("cranefly-images-{uid}")))].into_iter().flatten().collect()
}

/// The first of these that works and has room; if none has room, the one that has most.
fn find() -> Result<PathBuf, FolderError> {
    let mut reasons = Vec::new();
    let mut small: Option<(u64, PathBuf)> = None;
    for folder in candidates() {
        match usable(&folder).and_then(|()| room(&folder)) {
            Ok(room) if room >= ENOUGH => return Ok(folder),
            Ok(room) => {
                if small.as_ref().is_none_or(|(most, _)| room > *most) {
                    small = Some((room, folder));
                }
            }
            Err(error) => reasons.push(format!("{}: {error}", folder.display())),
        }
    }
    if let Some((room, folder)) = small {
        tracing::warn!(folder = %folder.display(), room, "little room for program images");
        return Ok(folder);
    }
    Err(FolderError::Nowhere { reasons })
}

/// Bytes that `folder` has room for.
///
/// # Errors
/// The file system does not say.
pub fn room(folder: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(folder)?;
    Ok(stat.f_bavail * stat.f_frsize)
}

/// Whether `folder` is ours and code in it may be executed (containers often mount `/dev/shm` noexec).
fn usable(folder: &Path) -> io::Result<()> {
    passable_folder(folder)?;
    let path = folder.join(format!("probe-{}", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
    let result = probe(&file);
    std::fs::remove_file(&path)?;
    result
}

fn probe(file: &File) -> io::Result<()> {
    file.set_len(4096)?;
    let protection = ProtFlags::READ | ProtFlags::EXEC;
    // SAFETY: a new private mapping at an address of the kernel's choice, unmapped below and never accessed.
    unsafe {
        let map = rustix::mm::mmap(std::ptr::null_mut(), 4096, protection, MapFlags::PRIVATE, file, 0)?;
        rustix::mm::munmap(map, 4096)?;
    }
    Ok(())
}
