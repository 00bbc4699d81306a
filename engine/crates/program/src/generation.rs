//! One generation of a program: its image brought up to date with its units, in place or anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cranefly_bitcode::demangled;
use cranefly_compile::contained;
use cranefly_image::{BaseImage, Draft, Image, ImageOptions, Pending, Publication, Room};
use hashbrown::HashSet;
use tracing::debug_span;

use crate::code::{CodeOrigin, CodeSupply};
use crate::difference::Difference;
use crate::error::Error;
use crate::live::LiveImage;
use crate::options::ProgramOptions;
use crate::outcome::{Outcome, Outcomes};
use crate::published::FunctionCounts;
use crate::serve::ServeContext;
use crate::unit_set::UnitSet;

/// Functions with which a program restricts what it, or its children, may ask the kernel for: system calls of the first-call
/// stub among it. (std calls none of these.)
const RESTRICTING: [&str; 3] = ["prctl", "seccomp_load", "seccomp_export_bpf"];
/// The same, and functions with which a program takes pages of the image for its own, which no code appears in any more.
/// std calls them as well, so only the program's own use counts. Assembly of its own counts for `syscall`.
const ALTERING: [&str; 2] = ["syscall", "mprotect"];

/// Functions that tell, when it is doubtful whether a program's code fits, how large all of it will be.
const SAMPLE: usize = 2000;

/// A generation in the making.
pub struct Generation<'a> {
    /// What its image is served with.
    pub serve: &'a Arc<ServeContext>,
    /// What the program stands on.
    pub base: &'a Arc<BaseImage>,
    /// What it consists of.
    pub units: &'a Arc<UnitSet>,
    /// How it is compiled.
    pub options: &'a ProgramOptions,
    /// What it is published as.
    pub publication: Publication<'a>,
    /// In what it differs from the one before.
    pub difference: &'a Difference<'a>,
}

/// A generation that was linked: a program may start from its image.
#[derive(Debug)]
pub struct Linked {
    /// Its image.
    pub live: Arc<LiveImage>,
    /// The path of the image has a new file.
    pub is_new: bool,
    /// What happened to the functions that it touched.
    pub outcomes: Outcomes,
    /// How many there are of each kind; without the total.
    pub counts: FunctionCounts,
    /// How long it took, without waiting for code.
    pub time: Duration,
}

/// What became of the functions that had to be bound.
#[derive(Debug, Default)]
struct Bound {
    outcomes: Outcomes,
    counts: FunctionCounts,
}

impl Generation<'_> {
    /// Brings a program's image up to date: `old` in place if nobody runs from it, else as a new file under the same name.
    /// `room`: what is known of the room that its images need.
    ///
    /// # Errors
    /// The image cannot be linked: then there is none.
    pub fn link(&self, old: Option<Arc<LiveImage>>, room: &mut Room, code: &mut CodeSupply) -> Result<Linked, Error> {
        let _span = debug_span!("link").entered();
        let start = Instant::now();
        let old = old.and_then(|old| self.still_there(old));
        let linked = |live, is_new, bound: Bound| Linked {
            live,
            is_new,
            outcomes: bound.outcomes,
            counts: bound.counts,
            time: Duration::ZERO,
        };
        if let Some(live) = &old
            && live.image().is_committed(self.publication.build_id, self.units.inputs())
        {
            return Ok(linked(live.clone(), false, Bound::default()));
        }
        let updated = old.and_then(|old| self.update_in_place(&old, room, code).map(|bound| (old, bound)));
        let linked = match updated {
            Some((live, bound)) => linked(live, false, bound),
            None => {
                let (live, bound) = self.make_anew(room, code)?;
                linked(live, true, bound)
            }
        };
        // A program may start from the image already; its functions are compiled when they are called.
        if let Err(error) = debug_span!("ahead").in_scope(|| linked.live.compile_ahead()) {
            tracing::error!(%error, image = %self.publication.image.display(), "nothing is compiled ahead of its first call");
        }
        Ok(Linked { time: start.elapsed().saturating_sub(code.waited()), ..linked })
    }

    /// The image of the generation before, if programs would still start from it and find us; what was removed, or replaced by
    /// somebody else, is given up.
    fn still_there(&self, old: Arc<LiveImage>) -> Option<Arc<LiveImage>> {
        if old.is_at(self.publication.image) {
            return Some(old);
        }
        tracing::info!(image = %self.publication.image.display(), "the image is gone, and is made anew");
        old.retire();
        None
    }

    /// `None` when programs run from the image, or when it has no room left: it is given up then. While it is changed, a
    /// lease keeps programs from starting.
    fn update_in_place(&self, live: &LiveImage, room: &mut Room, code: &mut CodeSupply) -> Option<Bound> {
        // Locked for as long as the lease: whoever else asks whether somebody runs from the image takes one on the same open file,
        // and gives that back, which would be this one.
        let mut image = live.image();
        let Ok(Some(lease)) = image.file().lease() else {
            live.retire();
            return None;
        };
        let bound = contained("update", || self.bind(live, &mut image, code, false));
        let bound = bound.map_err(Error::from).and_then(|bound| bound);
        match bound {
            Ok(bound) => Some(bound),
            Err(error) => {
                tracing::info!(%error, "image is made anew");
                if let Error::Link(cranefly_image::Error::Full(shortage)) = &error {
                    room.note(shortage, false);
                }
                // Half changed: nobody may start from it.
                let _ = std::fs::remove_file(self.publication.image);
                drop(lease);
                live.retire();
                None
            }
        }
    }

    /// Makes a new image, with more room for what ran full for as long as something does.
    fn make_anew(&self, room: &mut Room, code: &mut CodeSupply) -> Result<(Arc<LiveImage>, Bound), Error> {
        // What this program cannot be placed with less of says nothing of what it is after the next edit.
        let mut least = room.clone();
        loop {
            let shortage = match self.try_new(&least, code) {
                Err(Error::Link(cranefly_image::Error::Full(shortage))) => shortage,
                made => return made,
            };
            tracing::info!(?shortage, "image is made anew with more room");
            // Each time one region is larger, until there are no more addresses to be had.
            least.note(&shortage, true);
            room.note(&shortage, false);
        }
    }

    /// Makes a new image with this room; what could not be finished is removed.
    fn try_new(&self, room: &Room, code: &mut CodeSupply) -> Result<(Arc<LiveImage>, Bound), Error> {
        let live = self.empty_image(room)?;
        match self.bind_new(&live, code) {
            Ok(bound) => Ok((live, bound)),
            Err(error) => {
                let _ = std::fs::remove_file(live.image().file().path());
                live.retire();
                Err(error)
            }
        }
    }

    /// Fills a new image, and gives it its path.
    fn bind_new(&self, live: &LiveImage, code: &mut CodeSupply) -> Result<Bound, Error> {
        let mut image = live.image();
        let bound = contained("link", || self.bind(live, &mut image, code, true))??;
        image.rename(self.publication.image)?;
        Ok(bound)
    }

    /// Gives code to every function that must have it now, and lets the others wait for their first call. `is_new`: the image
    /// holds nothing but the program, so that another one would have no more room.
    fn bind(&self, live: &LiveImage, image: &mut Image, code: &mut CodeSupply, is_new: bool) -> Result<Bound, Error> {
        live.update(image, self.units, self.options, &self.publication, |draft, mut pending| {
            let unresolved = debug_span!("unresolved").in_scope(|| draft.unresolved());
            if !unresolved.is_empty() {
                let names = unresolved.iter().map(|name| format!("`{}`", demangled(name))).collect();
                return Err(cranefly_image::Error::Unresolved { names }.into());
            }
            if let Some(name) = draft.will_lack_own_headers() {
                return Err(cranefly_image::Error::LinkerDefined { name: name.to_owned() }.into());
            }
            // The program may make first calls impossible: then nothing waits, whatever generation it is of. Nor does anything
            // wait that may find no room later.
            let shortage = draft.shortage(&self.units.demand());
            if let Some(shortage) = shortage
                && !is_new
            {
                return Err(cranefly_image::Error::Full(shortage).into());
            }
            let has_room = shortage.is_none();
            let all = !has_room || debug_span!("must be complete").in_scope(|| self.must_be_complete(draft));
            if all {
                let known: HashSet<_> = pending.iter().map(|pending| pending.symbol).collect();
                pending.extend(draft.deferred_functions().filter(|pending| !known.contains(&pending.symbol)));
            }
            // What had code was called, or would be soon: its new version is compiled now, and what an edit needs with it.
            let is_wanted = |pending: &&Pending| all || draft.has_code(pending) || pending.unit.is_body_lane;
            let eager: Vec<Pending> = pending.iter().filter(is_wanted).cloned().collect();
            if !has_room {
                let sample: Vec<Pending> = eager.iter().step_by(eager.len().div_ceil(SAMPLE).max(1)).cloned().collect();
                code.compile(&sample)?;
                // A sample may be off; all of them are counted before any is placed.
                draft.check_room(code.projected(&sample, &eager) / 5 * 4)?;
            }
            debug_span!("compile", functions = eager.len()).in_scope(|| code.compile(&eager))?;
            if !has_room {
                draft.check_room(code.projected(&eager, &eager))?;
            }
            self.install(draft, &pending, code)
        })
    }

    /// Whether a function without code could never get any: the program may forbid what that takes.
    fn must_be_complete(&self, draft: &Draft) -> bool {
        RESTRICTING.iter().any(|name| draft.refers_to(name) || self.base.expects(name))
            || ALTERING.iter().any(|name| draft.refers_to(name))
            || self.units.units().iter().any(|unit| unit.may_enter_kernel())
    }

    fn install(&self, draft: &mut Draft, pending: &[Pending], code: &CodeSupply) -> Result<Bound, Error> {
        let mut bound = Bound::default();
        for pending in pending {
            let changed = self.difference.has_changed(&pending.unit, pending.function);
            bound.counts.changed += u64::from(changed);
            let outcome = match code.get(pending) {
                Some((code, origin)) => {
                    draft.install(pending, &code.code)?;
                    if origin == CodeOrigin::Compiled { Outcome::Compiled } else { Outcome::Hit }
                }
                None => {
                    draft.defer(pending);
                    bound.counts.deferred += 1;
                    Outcome::Deferred
                }
            };
            bound.counts.hit += u64::from(outcome == Outcome::Hit && changed);
            bound.outcomes.insert(draft.name(pending.symbol).clone(), outcome);
        }
        // Afterwards the executable has to be replaced as well.
        if let Some(name) = draft.lacks_own_headers() {
            return Err(cranefly_image::Error::LinkerDefined { name: name.to_owned() }.into());
        }
        Ok(bound)
    }

    fn empty_image(&self, room: &Room) -> Result<Arc<LiveImage>, Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let suffix = format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let temporary = self.publication.image.with_extension(&suffix);
        let control = self.publication.image.with_extension(format!("{suffix}.control"));
        let mut demand = cranefly_image::demand(self.units.inputs(), self.units.each_demand());
        if self.options.contents.all_exported {
            demand.export_all();
        }
        let ProgramOptions { contents, full_debug_info, .. } = *self.options;
        let options = ImageOptions { contents, full_debug_info, control: &control };
        let image = Image::create(&temporary, self.base.clone(), &demand, room, &options).inspect_err(|_| {
            let _ = std::fs::remove_file(&temporary);
        })?;
        LiveImage::new(image, &control, self.serve.clone()).map_err(|source| Error::Control { path: control, source })
    }
}
