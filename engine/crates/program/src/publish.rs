//! Publishing: from what a program is to consist of to an image that may be started.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use cranefly_cache::Key;
use cranefly_cgu::LoadedUnit;
use cranefly_compile::EagerCompiler;
use cranefly_image::{BaseImage, Identity, Publication, UnitDemand};
use cranefly_select::{Verified, conformance, copies};
use hashbrown::HashSet;
use tracing::debug_span;

use crate::body_lane::Taken;
use crate::build_id::build_id;
use crate::code::CodeSupply;
use crate::difference::Difference;
use crate::error::Error;
use crate::executable::ExecutableFile;
use crate::generation::{Generation, Linked};
use crate::history::Former;
use crate::linked_for::{is_linked_for, not_linked_for};
use crate::published::{FunctionCounts, Published, Work};
use crate::reading::{Reading, read};
use crate::request::Request;
use crate::resources::Resources;
use crate::state::{LockedProgram, State};
use crate::unit_set::{UnitSet, demand_of};
use crate::view::View;

/// What a generation is made of.
struct Ingredients {
    /// The base image, which is linked for these units.
    base: Arc<BaseImage>,
    /// The crate lane's units, with what was taken of the body lane.
    taken: Taken,
    /// How what the body lane had put in before compares with the crate lane's.
    verified: Option<Verified>,
    /// Keys of what was compiled while the units were read.
    compiled: HashSet<Key>,
    /// What reading took.
    work: Work,
}

impl Request {
    /// Reads the units of the crate lane, which takes seconds if many are new: no program is locked for it.
    ///
    /// # Errors
    /// See [`read`].
    pub fn read(&self, resources: &Resources) -> Result<Reading, Error> {
        let context = &*resources.serve.compile;
        context.store.tick();
        let eager = EagerCompiler::new(context, &self.options.code, resources.eager);
        read(&self.crates, &resources.units, &eager)
    }
}

impl LockedProgram<'_> {
    /// Makes and publishes a new generation, of which `reading` was [read](Request::read). `image`: where the program's image
    /// lies, in every generation.
    ///
    /// # Errors
    /// The program stays as it was, but for an image that could not be linked: then the next generation makes it anew.
    pub fn publish(
        &mut self,
        resources: &Resources,
        request: &Request,
        reading: Reading,
        image: &Path,
    ) -> Result<Published, Error> {
        let context = &*resources.serve.compile;
        let (program, state) = (self.program, &mut *self.state);
        let last = program.view();
        let Ingredients { base, taken, verified, compiled, mut work } =
            state.gather(resources, request, reading, last.as_deref())?;

        let copies = copies(&taken.units);
        let units = Arc::new(UnitSet::new(taken.units));
        let before = last.as_deref();
        let difference = Difference::between(before.map(|before| &*before.units), &units, &copies);
        let history =
            before.map(|before| before.history.with(Former::of(&difference, before.generation, &before.live)));
        let build_id = build_id(units.units(), &request.options, &base);
        let executable = without_links(&request.executable)?;
        let mut code = CodeSupply::new(context, &units, &request.options.code, compiled);
        let generation = Generation {
            serve: &resources.serve,
            base: &base,
            units: &units,
            options: &request.options,
            publication: Publication {
                image,
                executable: &executable,
                stand_in: request.stand_in.as_deref(),
                build_id: &build_id,
            },
            difference: &difference,
        };
        // Before the image is one that the program there does not start from.
        let file = ExecutableFile::begin(&request.executable).map_err(Error::Executable)?;
        let old = state.take_image(&base, &request.options);
        let Linked { live, is_new, outcomes, counts, time } = generation.link(old, &mut state.room, &mut code)?;
        if is_new {
            resources.taken_over.replaced(image);
        }
        state.keep_image(&live, &base, &request.options, image);
        let sections = live.image().named_sections();
        let identity = Identity { build_id, has_names: request.options.contents.names, sections };
        file.finish(&live.image(), image, &base, &identity).map_err(Error::Executable)?;

        work.code += code.work();
        let functions = FunctionCounts { total: units.functions() - copies.len() as u64, ..counts };
        let wait = code.waited();
        let view = Arc::new(View {
            generation: before.map_or(0, |before| before.generation) + 1,
            outcomes,
            changes: difference.into_changes(),
            history: history.unwrap_or_default(),
            live,
            image: image.to_owned(),
            published: Instant::now(),
            options: request.options.clone(),
            units,
        });
        state.patch = taken.patch;
        program.show(view.clone());
        Ok(Published { view, before: last, work, functions, body_lane: taken.counts, verified, link: time, wait })
    }
}

impl State {
    /// Finds the base image and the units of a generation, of which the crate lane's have been read.
    fn gather(
        &mut self,
        resources: &Resources,
        request: &Request,
        reading: Reading,
        last: Option<&View>,
    ) -> Result<Ingredients, Error> {
        let Reading { units, mut compiled, mut work } = reading;
        // Before anything is linked, or compiled but for what was while the units were read.
        UnitDemand::check(units.iter().map(|unit| demand_of(unit)))?;
        if let Some((earlier, keys)) = self.unlinked.take() {
            work.include_earlier(earlier);
            compiled.extend(keys);
        }
        let base = request.base.as_ref().map(|path| resources.bases.open(path)).transpose().map_err(Error::Base)?;
        let Some(base) = base.as_ref().filter(|base| is_linked_for(base, &units)).cloned() else {
            self.unlinked = Some((work, compiled));
            return Err(not_linked_for(base.as_deref(), &units));
        };
        let verified = self.verify(request, &units, last);
        let taken = self.take_bodies(resources, request, &base, units)?;
        if taken.counts.is_some() && !is_linked_for(&base, &taken.units) {
            return Err(not_linked_for(Some(&base), &taken.units));
        }
        work += taken.work;
        Ok(Ingredients { base, taken, verified, compiled, work })
    }

    /// Compares what the program had with the crate lane's units.
    fn verify(&self, request: &Request, units: &[Arc<LoadedUnit>], last: Option<&View>) -> Option<Verified> {
        let last = last.filter(|_| request.verify_all);
        if !request.verify || (self.patch.is_empty() && last.is_none()) {
            return None;
        }
        let _span = debug_span!("verify").entered();
        let mut verified = self.patch.verify(units);
        if let Some(last) = last {
            let found = conformance(last.units.units(), units);
            if !found.doubtful.is_empty() {
                tracing::info!(functions = ?found.doubtful, "the crate lane's may be other than the program had");
            }
            verified.add_missed(found.missed);
        }
        Some(verified)
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
