//! A program's image, and what can be done with it: it is being linked, or programs may run from it, or another process left it.
//!
//! An image is linked by an [update](Image::update), which gives a [`Draft`], and ends with the draft's
//! [commit](Draft::commit). From then on programs may have it mapped, and nothing that the loader reads may change: to functions
//! that have none, [`Running`] adds code. An image that was [adopted](Image::adopt) is always in that state.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use cranefly_cgu::CodegenUnit;
use cranefly_machine::PackedCode;

use crate::Error;
use crate::base::{ANCHOR, BaseImage, BasePlace, TLS_ANCHOR};
use crate::debug_info::Detail;
use crate::error::BaseError;
use crate::executables::complete::{can_be_complete, complete, may_become_complete};
use crate::file::ImageFile;
use crate::file::demand::{Demand, add, least_code_of};
use crate::file::elf::{self, Alignment};
use crate::file::identity::{BUILD_ID_SIZE, Identity};
use crate::file::layout::Layout;
use crate::file::region::Region;
use crate::file::room::{Room, Shortage};
use crate::input::contents::Contents;
use crate::input::linker_symbols;
use crate::input::runtime_functions::{LIBC_START, RUNTIME_FUNCTIONS};
use crate::linking::Linking;
use crate::linking::assemblies::Assemblies;
use crate::linking::constructors::Constructors;
use crate::linking::data::Data;
use crate::linking::exports::Exports;
use crate::linking::groups::Groups;
use crate::passes::commit::{Publication, commit};
use crate::passes::install::{self, install};
use crate::passes::late_code::{shortage, weight};
use crate::passes::outside;
use crate::passes::unresolved::unresolved;
use crate::passes::update::update;
use crate::running::Running;
use crate::saved::{self, SavedImage};
use crate::tables::Tables;
use crate::tables::cells::Cells;
use crate::tables::code::{Code, Pending};
use crate::tables::debug::DebugInfo;
use crate::tables::dynamic::DynamicTables;
use crate::tables::frames::Frames;
use crate::tables::relocations::{Anchors, Relocations};
use crate::tables::slots::Slots;
use crate::tables::stub::OwnCode;
use crate::tables::symbols::{Place, Symbols};
use crate::tables::symtab::Symtab;
use crate::tables::units::Units;

/// An image, with everything that is needed to go on with it.
#[derive(Debug)]
pub struct Image {
    tables: Tables,
    state: State,
}

#[derive(Debug)]
enum State {
    /// This process makes it. No loader takes it while it is not committed.
    Own { linking: Box<Linking>, committed: Option<Committed> },
    /// Another process made it: code can be added to it, but most of what linking takes is gone.
    Adopted { stamp: u64 },
}

/// What an image was committed as.
#[derive(Debug)]
struct Committed {
    build_id: [u8; BUILD_ID_SIZE],
    /// What the image's [checkpoint](crate::checkpoint) and what was [saved](Image::save) of it have in common; 0 before.
    stamp: u64,
}

/// How an image is made.
#[derive(Clone, Copy, Debug)]
pub struct ImageOptions<'a> {
    /// What shall be in it.
    pub contents: Contents,
    /// The sources' debug info has more than line tables, so that functions have entries of their own.
    pub full_debug_info: bool,
    /// Absolute path of the control file by which programs ask for functions that have no code yet.
    pub control: &'a Path,
}

impl Deref for Image {
    type Target = Tables;

    fn deref(&self) -> &Tables {
        &self.tables
    }
}

impl Image {
    /// An empty image at `path`, which must not exist, on top of `base`. `room`: what is known of the program's earlier ones.
    pub fn create(
        path: &Path,
        base: Arc<BaseImage>,
        demand: &Demand,
        room: &Room,
        options: &ImageOptions,
    ) -> Result<Self, Error> {
        let mut demand = demand.clone();
        for array in [Region::InitArray, Region::FiniArray] {
            add(&mut demand.fixed[array as usize], base.arrays().bytes());
        }
        let layout = Layout::new(&demand, room)?;
        let mut file = ImageFile::create(path, layout)?;
        let mut dynamic = DynamicTables::default();
        let mut relocations = Relocations::new(Anchors {
            address: dynamic.import(ANCHOR, None, false),
            thread_local: dynamic.import(TLS_ANCHOR, None, true),
        });
        let personality = file.reserve(Region::Got, 8, 8)?;
        let place = relocations.anchors().pointer_to(personality_of(&base)?, 0);
        relocations.add(&mut file, personality, place)?;
        let mut frames = Frames::new(&mut file, personality)?;
        let own = OwnCode::place(&mut file, &mut frames, options.control)?;
        let constructors = Constructors::new(&mut file, &mut relocations, own)?;
        let detail = if options.full_debug_info { Detail::Full } else { Detail::LineTables };
        let mut tables = Tables {
            file,
            symbols: Symbols::default(),
            units: Units::default(),
            slots: Slots::default(),
            cells: Cells::default(),
            code: Code::default(),
            frames,
            symtab: Symtab::new(options.contents.names),
            debug: DebugInfo::new(options.contents.debug_info, detail),
            stub: own.stub(),
            late_text: None,
            compiled_up_to: AtomicUsize::new(0),
        };
        let mut linking = Box::new(Linking {
            base,
            own,
            dynamic,
            relocations,
            data: Data::default(),
            assemblies: Assemblies::default(),
            groups: Groups::new(),
            constructors,
            allocator: Vec::new(),
            exports: Exports::new(options.contents.all_exported),
            alignment: Alignment::default(),
        });
        let libc = outside::runtime(&mut tables, &mut linking, LIBC_START)?;
        linking.cell(&mut tables, libc)?;
        for name in RUNTIME_FUNCTIONS {
            let symbol = outside::runtime(&mut tables, &mut linking, name)?;
            linking.call_target(&mut tables, symbol)?;
        }
        Ok(Self { tables, state: State::Own { linking, committed: None } })
    }

    /// Makes the program consist of `units`: resolves names, places variables, and tells which functions must be bound
    /// (again). Units that are the same value as before cost nothing.
    ///
    /// No program may have the image mapped (see [`ImageFile::lease`]). Ends with [`Draft::commit`]; after an error, or without it,
    /// the image is not usable and must be made anew.
    pub fn update(&mut self, units: &[Arc<CodegenUnit>]) -> Result<(Draft<'_>, Vec<Pending>), Error> {
        let Self { tables, state } = self;
        let State::Own { linking, committed } = state else {
            return Err(Error::Adopted { path: tables.file.path().to_owned() });
        };
        elf::invalidate(&mut tables.file);
        *committed = None;
        tables.late_text = None;
        tables.compiled_up_to = AtomicUsize::new(0);
        let pending = update(tables, linking, units)?;
        Ok((Draft { tables, linking, committed }, pending))
    }

    /// The image as one that programs may run from; `None` if it is not committed.
    pub fn running(&mut self) -> Option<Running<'_>> {
        let stamp = match &self.state {
            State::Own { committed, .. } => committed.as_ref()?.stamp,
            State::Adopted { stamp } => *stamp,
        };
        Some(Running::new(&mut self.tables, stamp))
    }

    /// Whether the image was committed under this build id, in which the units' order counts, and consists of just these units.
    pub fn is_committed(&self, build_id: &[u8; BUILD_ID_SIZE], units: &[Arc<CodegenUnit>]) -> bool {
        let State::Own { committed: Some(committed), .. } = &self.state else { return false };
        committed.build_id == *build_id && self.tables.units.are(units)
    }

    /// What another process needs to complete the image with functions of `units`, which are its
    /// [incomplete](Tables::incomplete_units) ones. Void after the next update; `None` if this process did not commit it.
    pub fn save(&mut self, units: &[Arc<CodegenUnit>]) -> Option<SavedImage> {
        let State::Own { committed: Some(committed), .. } = &mut self.state else { return None };
        committed.stamp = saved::new_stamp();
        Some(saved::save(&mut self.tables, committed.stamp, units))
    }

    /// Goes on with the image at `path` where another process ended, whenever that was. `units` are those that were
    /// [saved](Self::save), in the same order. Checks that file, saved state and units belong together.
    pub fn adopt(path: &Path, saved: SavedImage, units: &[Arc<CodegenUnit>]) -> Result<Self, Error> {
        let (tables, stamp) = saved::restore(path, saved, units)?;
        Ok(Self { tables, state: State::Adopted { stamp } })
    }

    /// Moves the file to `target`, atomically replacing what is there. Programs that have the old one mapped keep it.
    pub fn rename(&mut self, target: &Path) -> Result<(), Error> {
        self.tables.file.rename(target)
    }

    /// Lets other users load the image as far as they could load what the linker makes, if it is complete: their programs cannot
    /// ask for functions, since what they would write to (the control file) holds what the owner's programs start.
    pub fn admit_others(&self, is_complete: bool) -> Result<(), Error> {
        const OWNER: u32 = 0o600;
        const READ_AND_EXECUTE: u32 = 0o555;
        let others = match &self.state {
            State::Own { linking, .. } if is_complete => linking.base.mode() & READ_AND_EXECUTE,
            _ => 0,
        };
        self.tables.file.set_mode(OWNER | others)
    }

    /// Whether one of the program's own units may look at the program's file.
    pub fn finds_itself(&self) -> bool {
        self.tables.units.finds_itself()
    }

    /// The sections of names that the program's sources chose.
    pub fn named_sections(&self) -> BTreeMap<String, Vec<u8>> {
        self.tables.units.named_sections()
    }

    /// The executable that needs no image, if there can be one.
    pub fn complete(&self, identity: &Identity) -> Option<Vec<u8>> {
        complete(&self.tables, self.linking()?, identity)
    }

    /// A symbol that only a [complete](Self::complete) executable can define, and to which the program refers, which cannot have one.
    pub fn lacks_own_headers(&self) -> Option<&'static str> {
        lacks_own_headers(&self.tables, self.linking()?)
    }

    fn linking(&self) -> Option<&Linking> {
        match &self.state {
            State::Own { linking, .. } => Some(linking),
            State::Adopted { .. } => None,
        }
    }
}

/// An image that is being linked: its functions must get code, or be deferred, and then it is committed.
#[derive(Debug)]
pub struct Draft<'image> {
    tables: &'image mut Tables,
    linking: &'image mut Linking,
    committed: &'image mut Option<Committed>,
}

impl Deref for Draft<'_> {
    type Target = Tables;

    fn deref(&self) -> &Tables {
        self.tables
    }
}

impl Draft<'_> {
    /// Appends `code`, bound, and lets the function's slot jump to it.
    pub fn install(&mut self, pending: &Pending, code: &Arc<PackedCode>) -> Result<(), Error> {
        let state = install::State::Linking(self.linking);
        let jump = install(self.tables, state, pending, code, install::ALIGN)?;
        self.tables.file.publish_u64(jump.slot, jump.word);
        Ok(())
    }

    /// Lets the function be compiled when it is first called.
    pub fn defer(&mut self, pending: &Pending) {
        self.tables.defer(pending.symbol);
    }

    /// The symbols without a definition that a linker would report, sorted.
    pub fn unresolved(&self) -> Vec<Arc<str>> {
        unresolved(self.tables, self.linking)
    }

    /// Whether the program itself, not the libraries below it, refers to a symbol of this name.
    pub fn refers_to(&self, name: &str) -> bool {
        refers_to(self.tables, self.linking, name)
    }

    /// What functions without code may find no room in, whatever theirs turns out to be; `None` if they will. `all`: what the
    /// program needs.
    pub fn shortage(&self, all: &Demand) -> Option<Shortage> {
        shortage(self.tables, all)
    }

    /// Refuses so many bytes of code more than there is room for.
    ///
    /// # Errors
    /// [`Error::Full`].
    pub fn check_room(&self, code: u64) -> Result<(), Error> {
        let (region, file) = (Region::Text, &self.tables.file);
        let (capacity, needed) = (file.layout().capacity(region), file.used(region).saturating_add(code));
        if needed > capacity { Err(Error::Full(Shortage { region, capacity, needed })) } else { Ok(()) }
    }

    /// As [`Self::lacks_own_headers`], if that is as good as certain before the program is compiled: with half the code for the
    /// weight of its functions that hardly any program is below.
    pub fn will_lack_own_headers(&self) -> Option<&'static str> {
        refers_to_headers(self.tables, self.linking)
            .filter(|_| !may_become_complete(self.tables, self.linking, least_code_of(weight(self.tables)) / 2))
    }

    /// As [`Image::lacks_own_headers`].
    pub fn lacks_own_headers(&self) -> Option<&'static str> {
        lacks_own_headers(self.tables, self.linking)
    }

    /// Writes everything that the loader reads, so that a program may start from the image.
    pub fn commit(self, publication: &Publication) -> Result<(), Error> {
        commit(self.tables, self.linking, publication)?;
        *self.committed = Some(Committed { build_id: *publication.build_id, stamp: 0 });
        Ok(())
    }
}

/// Where the routine is by which Rust code handles panics that pass it.
fn personality_of(base: &BaseImage) -> Result<Place, Error> {
    const PERSONALITY: &str = "rust_eh_personality";
    match base.symbol(PERSONALITY) {
        Some(BasePlace::Address(distance)) => Ok(Place::Base(distance)),
        _ => Err(Error::Base {
            path: base.path().to_owned(),
            source: BaseError::Undefined { name: PERSONALITY.to_owned() },
        }),
    }
}

fn refers_to(tables: &Tables, linking: &Linking, name: &str) -> bool {
    let Some(symbol) = tables.symbols.find(name) else { return false };
    tables.units.iter().any(|state| {
        let mut in_assembly = linking.assemblies.references(&state.unit().id);
        state.symbols().contains(&symbol) || in_assembly.any(|known| known == symbol)
    })
}

fn lacks_own_headers(tables: &Tables, linking: &Linking) -> Option<&'static str> {
    refers_to_headers(tables, linking).filter(|_| !can_be_complete(tables, linking))
}

/// A symbol that only a complete executable can define, and to which the program refers.
fn refers_to_headers(tables: &Tables, linking: &Linking) -> Option<&'static str> {
    linker_symbols::of_headers().find(|name| {
        let symbol = tables.symbols.find(name);
        symbol.is_some_and(|symbol| tables.units.definition(&tables.symbols, symbol).is_none())
            && refers_to(tables, linking, name)
    })
}
