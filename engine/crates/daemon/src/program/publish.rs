//! Publishing: from what a program is to consist of to an image that may be started.

use cranefly_select::copies;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cranefly_cgu::UnitCache;
use cranefly_compile::EagerCompiler;
use cranefly_image::{Identity, Publication};
use tracing::debug_span;

use super::bases::BaseImages;
use super::build_id::build_id;
use super::code::CodeSupply;
use super::difference::Difference;
use super::error::Error;
use super::executable::ExecutableFile;
use super::generation::{Generation, Linked};
use super::history::Former;
use super::interface::{is_linked_for, not_linked_for};
use super::published::{FunctionCounts, Published};
use super::reading::{Reading, read};
use super::request::Request;
use super::serve::ServeContext;
use super::state::Program;
use super::takeover::TakenOver;
use super::unit_set::UnitSet;
use super::view::View;

/// What the programs of a daemon share.
#[derive(Debug)]
pub struct Resources {
    /// What images are served with.
    pub serve: Arc<ServeContext>,
    /// Codegen units by their contents.
    pub units: UnitCache,
    /// Base images.
    pub bases: BaseImages,
    /// Images of the daemon before.
    pub taken_over: TakenOver,
    /// Functions without code that are compiled before a program may start, the first in call order.
    pub eager: usize,
}

impl Program {
    /// Makes and publishes a new generation. `image`: where the program's image lies, in every generation.
    ///
    /// # Errors
    /// The program stays as it was, but for an image that could not be linked: then the next generation makes it anew.
    pub fn publish(&self, resources: &Resources, request: &Request, image: &Path) -> Result<Published, Error> {
        let context = &*resources.serve.compile;
        context.store.tick();
        let eager = EagerCompiler::new(context, &request.options.code, resources.eager);
        let Reading { units, mut compiled, mut work } =
            debug_span!("read").in_scope(|| read(&request.crates, &resources.units, &eager))?;

        let mut state = self.state();
        if let Some((earlier, keys)) = state.unlinked.take() {
            work.include_earlier(earlier);
            compiled.extend(keys);
        }
        let base = request.base.as_ref().map(|path| resources.bases.open(path)).transpose().map_err(Error::Base)?;
        let Some(base) =
            base.as_ref().filter(|base| debug_span!("interface").in_scope(|| is_linked_for(base, &units))).cloned()
        else {
            state.unlinked = Some((work, compiled));
            return Err(not_linked_for(base.as_deref(), &units));
        };
        let verified = (request.verify && !state.patch.is_empty()).then(|| state.patch.verify(&units));
        let taken = debug_span!("select").in_scope(|| state.take_bodies(resources, request, &base, units))?;
        work += taken.work;
        let (units, patch, body_lane) = (taken.units, taken.patch, taken.counts);
        if body_lane.is_some() && !debug_span!("interface").in_scope(|| is_linked_for(&base, &units)) {
            return Err(not_linked_for(Some(&base), &units));
        }

        let copies = debug_span!("copies").in_scope(|| copies(&units));
        let units = debug_span!("unit set").in_scope(|| Arc::new(UnitSet::new(units)));
        let before = self.view();
        let old = before.as_ref().map(|before| &*before.units);
        let difference = debug_span!("difference").in_scope(|| Difference::between(old, &units, &copies));
        let history =
            before.as_ref().map(|before| before.history.with(Former::of(&difference, before.generation, &before.live)));
        let build_id = debug_span!("build id").in_scope(|| build_id(units.units(), &request.options, &base));
        let executable = without_links(&request.executable)?;
        let stand_in = request.stand_in.as_deref();
        let mut code = CodeSupply::new(context, &units, &request.options.code, compiled);
        let generation = Generation {
            serve: &resources.serve,
            base: &base,
            units: &units,
            options: &request.options,
            publication: Publication { image, executable: &executable, stand_in, build_id: &build_id },
            difference: &difference,
        };
        // Before the image is one that the program there does not start from.
        let file = ExecutableFile::begin(&request.executable).map_err(Error::Executable)?;
        let old = state.take_image(&base, &request.options);
        let Linked { live, is_new, scale, outcomes, counts, time } =
            debug_span!("link").in_scope(|| generation.link(old, state.scale, &mut code))?;
        if is_new {
            resources.taken_over.replaced(image);
        }
        state.keep_image(&live, &base, &request.options, image);
        state.scale = scale;
        let sections = live.image().named_sections();
        let identity = Identity { build_id, has_names: request.options.contents.names, sections };
        let finish = || file.finish(&live.image(), image, &base, &identity);
        debug_span!("executable").in_scope(finish).map_err(Error::Executable)?;

        work.code += code.work();
        let functions = FunctionCounts { total: units.functions() - copies.len() as u64, ..counts };
        let wait = code.waited();
        let view = Arc::new(View {
            generation: before.as_ref().map_or(0, |before| before.generation) + 1,
            outcomes,
            changes: difference.into_changes(),
            history: history.unwrap_or_default(),
            live,
            image: image.to_owned(),
            options: request.options.clone(),
            units,
        });
        state.patch = patch;
        state.used();
        self.show(view.clone());
        Ok(Published { view, work, functions, body_lane, verified, link: time, wait })
    }
}

/// Where a file is, or will be, without symbolic links: as the kernel says where a program was started from.
fn without_links(file: &Path) -> Result<PathBuf, Error> {
    let failed = |source| Error::Executable(cranefly_image::Error::File { path: file.to_owned(), source });
    let (Some(folder), Some(name)) = (file.parent(), file.file_name()) else {
        return Err(failed(std::io::ErrorKind::InvalidFilename.into()));
    };
    std::fs::create_dir_all(folder).and_then(|()| folder.canonicalize()).map(|folder| folder.join(name)).map_err(failed)
}
