/**
 * Which imports are those of traits: what is not known to be none may be one. Some show it in the crate's texts, or are std's; of all others
 * rustc is asked (`answers.ts`).
 */
import type { UseLeaf } from "../../source/useTrees.js";
import { type CrateModule, resolvedModule } from "./modules.js";
import { TWIN } from "./patchText.js";
import type { ModulePath } from "./privacy.js";

/** An import of a module, as a key. */
export function importKey({ path: names }: UseLeaf, module: ModulePath): string {
  return JSON.stringify([module, names]);
}

/** A module in which rustc has an error, by which it is known that an import is none of a trait; undefined where there is none. */
export function traitQuestion(leaf: UseLeaf, module: ModulePath, crate: NamedCrate): string | undefined {
  if (leaf.name === undefined || !mayBeTrait(leaf, module, crate.modules)) return undefined;
  const target = namedFromOutside(leaf.path, module, crate);
  return target && `use ${target} as It; fn f<T: It>() {}`;
}

/** Whether these are the errors of a name that is used as a trait and is none. */
export function isNoTrait(codes: ReadonlySet<string>): boolean {
  return codes.size > 0 && [...codes].every((code) => code === "E0404" || code === "E0405");
}

/** A crate, as far as its paths lead to other crates. */
export interface NamedCrate {
  readonly modules: readonly CrateModule[];
  /** The names by which it may mention other crates. */
  readonly crateNames: ReadonlySet<string>;
}

/** The path by which another crate names what a path of a module does; undefined where that is not known. */
export function namedFromOutside(
  names: readonly string[],
  module: ModulePath,
  { modules, crateNames }: NamedCrate,
): string | undefined {
  const [first = ""] = names;
  if (names.some((name) => !/^\w+$/.test(name))) return undefined;
  const owner = resolvedModule(names.slice(0, -1), module, modules);
  if (owner !== undefined) return ["", TWIN, ...(owner === "" ? [] : [owner]), names.at(-1)].join("::");
  const isNamed = modules.some(({ steps, imports }) => {
    return (
      steps.at(-1)?.declaration?.name === first || imports.some((leaf) => leaf.name === first && leaf.path.length > 1)
    );
  });
  const isCrate = crateNames.has(first) || STD.has(first);
  // (The crate itself, unless something in a module has its name.)
  const isItem = names.length === 1 && modules.some(({ steps }) => steps.at(-1)?.facts.names.has(first) === true);
  return isCrate && !isNamed && !isItem ? `::${names.join("::")}` : undefined;
}

/** Whether the texts leave it open that an import is one of a trait. */
export function mayBeTrait({ path }: UseLeaf, module: ModulePath, modules: readonly CrateModule[]): boolean {
  const last = path.at(-1) ?? "";
  const [first = ""] = path;
  const isNamed = modules.some(({ imports, steps }) => {
    const own = steps.at(-1);
    return own?.declaration?.name === first || imports.some((leaf) => leaf.name === first);
  });
  // All of std's traits are named like types.
  if (STD.has(first) && !isNamed) {
    return /^\p{Lu}/u.test(last) && !STD_TYPES.has(last) && !/^[\p{Lu}\d_]+$/u.test(last);
  }
  const owner = resolvedModule(path.slice(0, -1), module, modules);
  const owners = modules.filter((it) => it.path === owner);
  if (owners.length === 0) return true;
  return owners.some(({ steps, imports }) => {
    const facts = steps.at(-1)?.facts;
    if (facts?.types.has(last) === true) return false;
    if (facts === undefined || facts.hasMacroCalls) return true;
    // Of one name, there may be a function in a module, and a trait that it imports.
    if (facts.hasGlobImports || imports.some((leaf) => leaf.name === last)) return true;
    const isItem = facts.names.has(last) && !facts.traits.has(last);
    return !isItem && !facts.children.some((child) => child.name === last);
  });
}

const STD: ReadonlySet<string> = new Set(["std", "core", "alloc"]);

/** Names of std's that are types and nothing else. */
const STD_TYPES: ReadonlySet<string> = new Set([
  ..."HashMap HashSet BTreeMap BTreeSet VecDeque BinaryHeap LinkedList Vec String Box Rc Arc Weak Cell RefCell".split(
    " ",
  ),
  ..."OnceCell OnceLock LazyCell LazyLock Mutex MutexGuard RwLock RwLockReadGuard RwLockWriteGuard Condvar".split(" "),
  ..."Barrier AtomicBool AtomicUsize AtomicIsize AtomicU8 AtomicU16 AtomicU32 AtomicU64 AtomicI32 AtomicI64".split(" "),
  ..."AtomicPtr Path PathBuf OsStr OsString CStr CString Component Components File OpenOptions DirEntry".split(" "),
  ..."Metadata FileType Permissions ReadDir BufReader BufWriter LineWriter Cursor Stdin Stdout Stderr StdinLock".split(
    " ",
  ),
  ..."StdoutLock StderrLock ErrorKind SeekFrom IoSlice IoSliceMut Command Child ChildStdin ChildStdout".split(" "),
  ..."ChildStderr ExitCode ExitStatus Output Stdio Duration Instant SystemTime SystemTimeError Cow Ordering".split(" "),
  ..."Reverse Formatter Arguments Entry TcpListener TcpStream UdpSocket SocketAddr SocketAddrV4 SocketAddrV6".split(
    " ",
  ),
  ..."IpAddr Ipv4Addr Ipv6Addr UnixListener UnixStream JoinHandle Thread ThreadId Sender Receiver SyncSender".split(
    " ",
  ),
  ..."PhantomData PhantomPinned ManuallyDrop MaybeUninit NonNull Pin Context Poll Waker RawWaker".split(" "),
  ..."RawWakerVTable TypeId Layout NonZeroU8 NonZeroU16 NonZeroU32 NonZeroU64 NonZeroUsize Wrapping Saturating".split(
    " ",
  ),
  ..."ParseIntError ParseFloatError Utf8Error FromUtf8Error ControlFlow Bound Range RangeInclusive RangeFrom".split(
    " ",
  ),
  ..."RangeTo RangeFull Chars CharIndices Bytes Lines Peekable Rev Map Filter Zip Enumerate Once Infallible".split(" "),
  ..."Backtrace BacktraceStatus Location PanicHookInfo Args ArgsOs VarError OwnedFd BorrowedFd UnsafeCell".split(" "),
]);
