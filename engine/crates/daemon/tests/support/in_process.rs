//! An engine in the test's process, with a code generator of the test's.

use std::path::{Path, PathBuf};

use cranefly_compile::CodeGenerator;
use cranefly_daemon::{Engine, EngineOptions, ImageFolder, publish};
use cranefly_wire::{PublishParams, PublishResult, RpcError};
use serde_json::{Value, json};

use super::{Project, publication, sysroot};

/// It, with a folder of images of its own, which goes with it.
pub struct InProcess {
    pub engine: Engine,
    pub images: PathBuf,
}

impl InProcess {
    /// Compiles eagerly, nothing ahead, with wide bounds, unless `change` says otherwise.
    pub fn new(name: &str, generator: Box<dyn CodeGenerator>, change: impl FnOnce(&mut EngineOptions)) -> Self {
        let images = ImageFolder::make(format!("{name}-{}.sock", std::process::id()).as_ref()).unwrap();
        let path = images.path().unwrap();
        let mut options = EngineOptions {
            sysroot: sysroot().into(),
            images,
            cache_bytes: 1 << 30,
            image_bytes: 1 << 30,
            memory_bytes: 4 << 30,
            eager: 20_000,
            ahead: false,
            paranoid: false,
            command: vec!["/bin/false".into()],
            program: env!("CARGO_BIN_EXE_cranefly-engine").into(),
            generator,
        };
        change(&mut options);
        Self { engine: Engine::new(options).unwrap(), images: path }
    }

    pub fn publish(&self, project: &mut Project, source: &str) -> Result<Value, String> {
        self.publish_with(project, source, &json!({}))
    }

    pub fn publish_with(&self, project: &mut Project, source: &str, more: &Value) -> Result<Value, String> {
        let files = project.bitcode(source);
        let result = self.publish_files(project, &files, more);
        result.map(|result| serde_json::to_value(result).unwrap()).map_err(|error| error.message)
    }

    /// Publishes files that are there already.
    pub fn publish_files(&self, project: &Project, files: &[PathBuf], more: &Value) -> Result<PublishResult, RpcError> {
        let params: PublishParams = serde_json::from_value(publication(project, files, more)).unwrap();
        publish(&self.engine, params)
    }

    /// Files of images with such an extension.
    pub fn images_with(&self, extension: &str) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.images).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.extension().is_some_and(|it| it == Path::new(extension))).collect()
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.images);
    }
}
