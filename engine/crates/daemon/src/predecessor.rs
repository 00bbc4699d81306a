//! What a daemon that ended without saying goodbye left behind.

use std::path::Path;
use std::time::Duration;

use cranefly_runtime::Control;

/// What a program prints whose function was still to be compiled by a daemon that is gone.
const GONE: &str = "cranefly: the engine that compiled this program ended before it was done; run it again\n";

/// Tidies the folder of images of the daemon before. Complete programs go on and may be started again: their images stay
/// until they are published anew. A program that still waits for a function is told that it will not come.
pub fn clean(images: &Path) {
    let Ok(entries) = std::fs::read_dir(images) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("so") => {}
            Some("control") => {
                // Taken by another daemon: then it is not ours to remove.
                let Ok(control) = Control::open(&path) else { continue };
                control.fail_all(GONE);
                let _ = std::fs::remove_file(&path);
            }
            // An image that was never finished.
            _ => {
                let _ = std::fs::remove_file(&path);
            }
        }
    }
}

/// After so long without a publication, images of another daemon (an older engine, another toolchain) are given up. Their
/// programs are published anew when they are run again.
const FORGOTTEN: Duration = Duration::from_secs(3 * 24 * 3600);

/// Removes the folders beside `images` that no daemon has published to for days: memory that nobody else would free.
pub fn forget_others(images: &Path) {
    let Some(Ok(entries)) = images.parent().map(std::fs::read_dir) else { return };
    for entry in entries.filter_map(Result::ok).filter(|entry| entry.path() != images) {
        let age = entry.metadata().and_then(|metadata| metadata.modified()).map(|modified| modified.elapsed());
        if matches!(age, Ok(Ok(age)) if age > FORGOTTEN) {
            tracing::info!(folder = %entry.path().display(), "images of another engine removed");
            // Programs that run from them go on.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
