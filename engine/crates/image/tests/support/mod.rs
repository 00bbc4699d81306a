//! Programs of objects, linked by the system's linker and placed in an image.
#![allow(dead_code, reason = "no test uses all of it")]

pub mod convert;

use std::collections::HashMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use cranefly_cgu::CodegenUnit;
use cranefly_image::{
    BUILD_ID_SIZE, BaseImage, Contents, Draft, Error, Identity, Image, ImageOptions, ImageSearch, Pending, Publication,
    Room, UnitDemand, demand, executable,
};
use cranefly_machine::PackedCode;
use cranefly_runtime::Control;

use self::convert::Converted;

/// How an object goes into an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As the assembly of a unit: the image reads it as a linker does.
    Assembly,
    /// As a unit of functions and variables, as if it came from bitcode.
    Unit,
}

/// A folder for the files of one test, and the compiler's output in it.
pub struct Bench {
    folder: PathBuf,
}

/// A program's units, and the code of their functions.
pub struct Units {
    pub units: Vec<Arc<CodegenUnit>>,
    code: HashMap<(Arc<str>, usize), Arc<PackedCode>>,
}

impl Units {
    /// Adds a unit, and the code of its functions.
    pub fn add(&mut self, unit: CodegenUnit, code: Vec<Arc<PackedCode>>) {
        let numbered = code.into_iter().enumerate();
        self.code.extend(numbered.map(|(number, code)| ((unit.id.clone(), number), code)));
        self.units.push(Arc::new(unit));
    }

    /// Code for a function.
    pub fn code(&self, pending: &Pending) -> &Arc<PackedCode> {
        &self.code[&(pending.unit.id.clone(), pending.function)]
    }
}

const BUILD_ID: [u8; BUILD_ID_SIZE] = [7; BUILD_ID_SIZE];

impl Bench {
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("against-ld-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    /// Compiles a file of `tests/objects` for position-independent code, so that both linkers have the same object.
    pub fn compile(&self, source: &str, more: &[&str]) -> Object {
        let file = self.folder.join(source).with_extension("o");
        let source_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/objects").join(source);
        if source.ends_with(".rs") {
            const OPTIONS: [&str; 7] = [
                "--edition=2024",
                "--emit=obj",
                "-Copt-level=2",
                "-Cpanic=abort",
                "-Ccodegen-units=1",
                "-Coverflow-checks=off",
                "-Cforce-unwind-tables=no",
            ];
            run(Command::new("rustc").args(OPTIONS).args(more).arg("-o").arg(&file).arg(source_file));
        } else {
            const OPTIONS: [&str; 9] = [
                "-c",
                "-O1",
                "-fPIC",
                "-ftls-model=initial-exec",
                "-fcf-protection=none",
                "-fno-stack-protector",
                "-fno-jump-tables",
                "-ffunction-sections",
                "-fdata-sections",
            ];
            run(Command::new("cc").args(OPTIONS).args(more).arg("-o").arg(&file).arg(source_file));
            // GNU as names it, LLVM's assembler does not, and nothing refers to it.
            run(Command::new("objcopy").arg("--strip-symbol=_GLOBAL_OFFSET_TABLE_").arg(&file));
        }
        let bytes = std::fs::read(&file).unwrap();
        Object { file, name: source.replace('.', "-"), bytes }
    }

    /// A file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What stands in for the standard library: `tests/objects/base.c`.
    fn base(&self) -> Object {
        self.compile("base.c", &[])
    }

    /// Links the objects with `cc`, and the base's with them.
    pub fn link(&self, objects: &[&Object]) -> PathBuf {
        let program = self.folder.join("native");
        let base = self.base();
        let files = objects.iter().copied().chain([&base]).map(|object| &object.file);
        run(Command::new("cc").arg("-pie").args(files).args(["-lm", "-lpthread", "-o"]).arg(&program));
        program
    }

    /// The objects as units of a program, in the order in which they are linked.
    pub fn units(&self, objects: &[(&Object, Way)]) -> Units {
        // Units of a crate are linked in the order of their names.
        let numbered = objects.iter().enumerate();
        self.named_units(
            numbered.map(|(number, &(object, way))| (format!("program/{number}-{}", object.name), object, way)),
        )
    }

    /// The objects as units of these ids, each a crate's name, `/` and its own.
    pub fn named_units<'a>(&self, objects: impl Iterator<Item = (String, &'a Object, Way)>) -> Units {
        let (mut units, mut code) = (Vec::new(), HashMap::new());
        for (id, object, way) in objects {
            let id: Arc<str> = id.into();
            units.push(Arc::new(match way {
                Way::Assembly => object.as_assembly(id),
                Way::Unit => {
                    let Converted { unit, code: converted } = convert::convert(&id, &object.bytes);
                    let numbered = converted.into_iter().enumerate();
                    code.extend(numbered.map(|(number, code)| ((id.clone(), number), Arc::new(PackedCode::of(&code)))));
                    unit
                }
            }));
        }
        Units { units, code }
    }

    /// The base as a shared library.
    fn base_image(&self) -> Result<Arc<BaseImage>, Error> {
        let library = self.folder.join("libbase.so");
        if !library.exists() {
            let base = self.base();
            run(Command::new("cc").args(["-shared", "-Wl,-Bsymbolic", "-o"]).arg(&library).arg(&base.file));
        }
        Ok(Arc::new(BaseImage::open(&library)?))
    }

    /// An empty image with room for the units, and its control file.
    pub fn create(&self, units: &Units) -> Result<(Image, Control), Error> {
        self.create_with(units, &Room::default())
    }

    /// The same, with what is known of images before.
    pub fn create_with(&self, units: &Units, room: &Room) -> Result<(Image, Control), Error> {
        let control_file = self.folder.join("control");
        for old in [&self.image(), &control_file] {
            let _ = std::fs::remove_file(old);
        }
        let command = cranefly_runtime::Command { arguments: vec!["/bin/false".into()], environment: Vec::new() };
        let control = Control::create(&control_file, &command).unwrap();
        let options = ImageOptions { contents: Contents::default(), full_debug_info: false, control: &control_file };
        let each: Vec<UnitDemand> = units.units.iter().map(UnitDemand::of).collect();
        let demand = demand(&units.units, &each);
        Ok((Image::create(&self.image(), self.base_image()?, &demand, room, &options)?, control))
    }

    /// Where images are.
    pub fn image(&self) -> PathBuf {
        self.folder.join("image.so")
    }

    /// Gives every pending function its code, and commits the image.
    pub fn finish(&self, mut draft: Draft, units: &Units, pending: &[Pending]) -> Result<(), Error> {
        for pending in pending {
            draft.install(pending, units.code(pending))?;
        }
        self.commit(draft)
    }

    /// Commits an image.
    pub fn commit(&self, draft: Draft) -> Result<(), Error> {
        let (image, executable) = (&*self.image(), &*self.folder.join("placed"));
        draft.commit(&Publication { image, executable, stand_in: None, build_id: &BUILD_ID })
    }

    /// Writes the executable of the committed image.
    pub fn program(&self) -> Result<PathBuf, Error> {
        let program = self.folder.join("placed");
        let identity = Identity { build_id: BUILD_ID, has_names: true, ..Identity::default() };
        let search = ImageSearch { image: self.image(), others: Vec::new() };
        let bytes = executable(&search, &*self.base_image()?, &identity)?;
        let _ = std::fs::remove_file(&program);
        std::fs::write(&program, bytes).unwrap();
        std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        Ok(program)
    }

    /// Places the objects in an image that stands on the base; gives the executable.
    pub fn place(&self, objects: &[(&Object, Way)]) -> Result<Placed, Error> {
        let units = self.units(objects);
        let (mut image, control) = self.create(&units)?;
        let (draft, pending) = image.update(&units.units)?;
        let unresolved = draft.unresolved();
        assert!(unresolved.is_empty(), "nothing defines {unresolved:?}");
        self.finish(draft, &units, &pending)?;
        Ok(Placed { program: self.program()?, _control: control })
    }

    /// Has both linkers make a program of the objects, for every way in which they may go into an image, and compares what the
    /// programs do. Gives what they print.
    pub fn compare(&self, objects: &[&Object], ways: &[&[Way]]) -> String {
        let native = start(&self.link(objects));
        assert!(native.status.code().is_some(), "{native:?}");
        let printed = String::from_utf8(native.stdout).unwrap();
        for ways in ways {
            let objects: Vec<_> = objects.iter().copied().zip(ways.iter().copied()).collect();
            let placed = self.place(&objects).unwrap_or_else(|error| panic!("{ways:?}: {error}"));
            let output = start(&placed.program);
            assert_eq!(String::from_utf8_lossy(&output.stdout), printed, "{ways:?}: {:?}", output.status);
            assert_eq!(output.status, native.status, "{ways:?}");
        }
        printed
    }
}

/// A compiled file.
pub struct Object {
    file: PathBuf,
    name: String,
    pub bytes: Vec<u8>,
}

impl Object {
    /// The same in another file, whose name is the unit's.
    pub fn moved_to(self, file: PathBuf) -> Self {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        Self { file, name, ..self }
    }

    fn as_assembly(&self, id: Arc<str>) -> CodegenUnit {
        CodegenUnit {
            id,
            module: Default::default(),
            assembly: Some(self.bytes.clone()),
            functions: Vec::new(),
            bound: Default::default(),
            is_body_lane: false,
        }
    }
}

/// A program that was placed, as long as its control file is held.
pub struct Placed {
    pub program: PathBuf,
    _control: Control,
}

/// Every way in which two objects can go into an image.
pub const BOTH: [&[Way]; 4] = [
    &[Way::Assembly, Way::Assembly],
    &[Way::Unit, Way::Unit],
    &[Way::Assembly, Way::Unit],
    &[Way::Unit, Way::Assembly],
];

/// Runs a program. One that waits for a function that nobody compiles is ended.
pub fn start(program: &Path) -> Output {
    Command::new("timeout").arg("5").arg(program).output().unwrap()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}
