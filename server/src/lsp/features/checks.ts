/** Is everything there that Cranefly needs? One sentence a check, with what to do when something is missing. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Check, ChecksRequest, type ChecksResult } from "../../../../shared/src/lsp.js";
import { findEngine } from "../../core/engine/location.js";
import { messageOf } from "../../core/support/errors.js";
import { statOf } from "../../core/support/files.js";
import { configuredRustc } from "../../core/cargo/config.js";
import { checkToolchain, findToolchain } from "../../core/units/toolchain.js";
import type { ServerContext } from "../protocol/api.js";

/** What an image of a large program with its debug info takes. */
const WANTED_BYTES = 512 * 1024 * 1024;
const GLIBC_FOLDER = "/lib64/ld-linux-x86-64.so.2";

export function register(context: ServerContext, bundleDir: string): void {
  context.connection.onRequest(ChecksRequest, async (): Promise<ChecksResult> => {
    const folder = context.projects.all()[0]?.root ?? os.homedir();
    const checks = [
      Promise.resolve(platform()),
      toolchain(folder, context.env),
      linker(context.env),
      Promise.resolve(engine(context, bundleDir)),
      memory(context.env),
      Promise.resolve(workspace(context)),
    ];
    return { checks: await Promise.all(checks) };
  });
}

function platform(): Check {
  const here = `${os.platform()} on ${os.machine()}`;
  if (os.platform() !== "linux" || os.machine() !== "x86_64") {
    return { id: "platform", ok: false, message: `${here} is not supported: Cranefly needs Linux on x86_64.` };
  }
  if (!fs.existsSync(GLIBC_FOLDER)) {
    return { id: "platform", ok: false, message: "This Linux has no glibc, which Cranefly needs: use another one." };
  }
  return { id: "platform", ok: true, message: `${here} with glibc.` };
}

async function toolchain(folder: string, env: NodeJS.ProcessEnv): Promise<Check> {
  try {
    const found = await findToolchain(folder, env, undefined, configuredRustc({ cwd: folder, env, args: [] }));
    checkToolchain(found, env["CARGO_BUILD_TARGET"]);
    const cargo = await firstLine(env["CARGO"] ?? "cargo", ["--version"], env);
    if (cargo === undefined) {
      return {
        id: "toolchain",
        ok: false,
        message: "cargo was not found: install Rust with rustup (https://rustup.rs).",
      };
    }
    return { id: "toolchain", ok: true, message: `${found.version.split("\n")[0] ?? ""}, ${cargo}.` };
  } catch (error) {
    return { id: "toolchain", ok: false, message: `${messageOf(error)}.` };
  }
}

async function linker(env: NodeJS.ProcessEnv): Promise<Check> {
  const found = await firstLine("cc", ["--version"], env);
  if (found !== undefined) return { id: "linker", ok: true, message: `${found}.` };
  const message =
    "No C compiler (cc) was found, which rustc links with: install one (Debian and Ubuntu: apt install gcc libc6-dev; Fedora: dnf install gcc).";
  return { id: "linker", ok: false, message };
}

function engine({ env, settings }: ServerContext, bundleDir: string): Check {
  try {
    const file = findEngine(env, bundleDir, settings.current.engine.path ?? undefined);
    fs.accessSync(file, fs.constants.X_OK);
    return { id: "engine", ok: true, message: `The engine is ${file}.` };
  } catch (error) {
    return { id: "engine", ok: false, message: `${messageOf(error)}.` };
  }
}

/** Where images lie: the first of these folders that has room, as the engine chooses it. */
async function memory(env: NodeJS.ProcessEnv): Promise<Check> {
  const session = env["XDG_RUNTIME_DIR"];
  const isPassable = session !== undefined && ((statOf(session)?.mode ?? 0) & 0o001) !== 0;
  const folders = (isPassable ? [session, "/dev/shm"] : ["/dev/shm", session]).filter(
    (folder) => folder !== undefined && fs.existsSync(folder),
  );
  const rooms = await Promise.all(
    folders.map(async (folder = "") => {
      const { bavail, bsize } = await fs.promises.statfs(folder);
      return { folder, bytes: bavail * bsize };
    }),
  );
  const size = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
  const good = rooms.find(({ bytes }) => bytes >= WANTED_BYTES);
  if (good !== undefined) {
    return { id: "memory", ok: true, message: `${good.folder} has ${size(good.bytes)} free for programs in memory.` };
  }
  const list = rooms.map(({ folder, bytes }) => `${folder} (${size(bytes)})`).join(", ");
  const message =
    `There is little room in memory for large programs: ${list === "" ? "no tmpfs" : list}. ` +
    "They are kept in the target directory instead; enlarge /dev/shm for speed.";
  return { id: "memory", ok: false, message };
}

function workspace({ projects }: ServerContext): Check {
  const names = projects.all().map((project) => path.basename(project.root));
  if (names.length === 0) {
    return { id: "workspace", ok: false, message: "No Cargo.toml was found: open a folder with a cargo workspace." };
  }
  return { id: "workspace", ok: true, message: `Cargo workspaces: ${names.join(", ")}.` };
}

/** The first line that a command prints; undefined when it is not there or fails. */
function firstLine(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    child.stdout.on("data", (data: Buffer) => (text += data.toString()));
    child.once("error", () => resolve(undefined));
    child.once("close", (code) => resolve(code === 0 ? text.split("\n")[0]?.trim() : undefined));
  });
}
