/** Which toolchain compiles a folder, and how to notice without starting it that it became another one. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as z from "zod";
import { type Cfgs, parseCfgs } from "./cfgExpression.js";
import { Unsupported } from "../support/errors.js";
import { ancestors, realPath } from "../support/files.js";
import { run } from "../support/process.js";

export const Toolchain = z.object({
  /** The rustc that answered: the toolchain's own binary, not rustup's proxy. */
  rustc: z.string(),
  sysroot: z.string(),
  /** The text of `rustc -vV`. */
  version: z.string(),
  host: z.string(),
});
export type Toolchain = z.infer<typeof Toolchain>;

/** Targets whose machine code and object format the engine makes. */
const SUPPORTED_HOSTS = ["x86_64-unknown-linux-gnu"];

/** Asks rustc (`program`: the one that is configured), in the folder that decides which one it is. Throws `Unsupported` when there is none. */
export async function findToolchain(
  cwd: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
  program = env["RUSTC"] ?? "rustc",
): Promise<Toolchain> {
  const ask = async (...args: string[]): Promise<string> => {
    const out: string[] = [];
    const err: string[] = [];
    let code: number | null;
    try {
      const options = { cwd, env, onStdout: (l: string) => out.push(l), onStderr: (l: string) => err.push(l), signal };
      ({ code } = await run([program, ...args], options));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") {
        throw new Unsupported("no rustc found: install Rust with rustup (https://rustup.rs)", { cause: error });
      }
      throw error;
    }
    if (code !== 0) throw new Unsupported(`${program} ${args.join(" ")} failed:\n${err.join("\n")}`);
    return out.join("\n");
  };
  const [version, sysroot] = await Promise.all([ask("-vV"), ask("--print", "sysroot")]);
  const own = path.join(sysroot, "bin", "rustc");
  const host = /^host: (.*)$/m.exec(version)?.[1] ?? "";
  return { rustc: fs.existsSync(own) ? own : program, sysroot, version, host };
}

/** What holds on the toolchain's own platform, for `cfg(…)`. */
export async function platformOf(toolchain: Toolchain, env: NodeJS.ProcessEnv, signal?: AbortSignal): Promise<Cfgs> {
  const out: string[] = [];
  // (It may warn of a job server that is not for it.)
  const options = {
    cwd: toolchain.sysroot,
    env,
    onStdout: (line: string) => out.push(line),
    onStderr: () => undefined,
    signal,
  };
  await run([toolchain.rustc, "--print", "cfg"], options);
  return parseCfgs(out.join("\n"));
}

/** Throws `Unsupported` where the engine cannot work: another target, or a toolchain without LLVM's library. */
export function checkToolchain(toolchain: Toolchain, buildTarget: string | undefined): void {
  const target = buildTarget ?? toolchain.host;
  if (!SUPPORTED_HOSTS.includes(target) || toolchain.host !== target) {
    throw new Unsupported(`the target ${target} is not supported (only ${SUPPORTED_HOSTS.join(", ")}, natively)`);
  }
  const library = path.join(toolchain.sysroot, "lib");
  if (!fs.readdirSync(library).some((name) => name.startsWith("libLLVM"))) {
    throw new Unsupported(`the toolchain in ${toolchain.sysroot} has no libLLVM`);
  }
}

/** Files whose change means another toolchain; most of them may not exist. */
export function toolchainFiles(cwd: string, toolchain: Toolchain, env: NodeJS.ProcessEnv): string[] {
  const rustup = env["RUSTUP_HOME"] ?? path.join(env["HOME"] ?? os.homedir(), ".rustup");
  return [
    ...ancestors(realPath(cwd)).flatMap((directory) => [
      path.join(directory, "rust-toolchain.toml"),
      path.join(directory, "rust-toolchain"),
    ]),
    path.join(rustup, "settings.toml"),
    path.join(toolchain.sysroot, "bin", "rustc"),
  ];
}
