//! What a daemon that ended without saying goodbye left behind.

use std::path::Path;

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
