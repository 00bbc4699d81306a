/** The native libraries that a unit's sources name: its conditions are rustc's own, its attributes are read off syntax trees. */
import { inspectConditions } from "../units/arguments.js";
import { Unsupported } from "../support/errors.js";
import { digest } from "../support/files.js";
import { run } from "../support/process.js";
import { ParserFailed, RustParser, checkLength } from "../source/grammar.js";
import { type Conditions, type LinkAttribute, linkAttributes } from "../source/linkAttributes.js";
import { readable } from "../source/readable.js";
import type { Toolchain } from "../units/toolchain.js";
import type { UnitRecord } from "../units/record.js";
import { unitEnvironment } from "../units/invocation.js";

/** By digest of conditions and text. Both rarely change. */
const known = new Map<string, readonly LinkAttribute[]>();

/** `bundleDir`: where the grammar's files lie. */
export async function nativeLibraries(
  unit: UnitRecord,
  toolchain: Toolchain,
  bundleDir: string,
  env: NodeJS.ProcessEnv,
): Promise<readonly LinkAttribute[]> {
  const found: LinkAttribute[] = [];
  const options = inspectConditions(unit.invocation.args);
  for (const text of unit.linkSources) {
    const key = digest(toolchain.version, JSON.stringify(options), text);
    let attributes = known.get(key);
    if (attributes === undefined) {
      const conditions = await askConditions(unit, toolchain, options, env);
      attributes = await attributesIn(unit, text, conditions, bundleDir);
      known.set(key, attributes);
    }
    found.push(...attributes);
  }
  return found;
}

async function attributesIn(
  { invocation }: UnitRecord,
  text: string,
  conditions: Conditions,
  bundleDir: string,
): Promise<LinkAttribute[]> {
  const parser = await RustParser.load(bundleDir);
  try {
    checkLength(text);
    const tree = parser.parse(readable(text), null);
    return parser.guard(() => {
      const attributes = linkAttributes(tree.rootNode, text, conditions);
      tree.delete();
      return attributes;
    });
  } catch (error) {
    if (!(error instanceof ParserFailed)) throw error;
    const message = `which libraries ${invocation.id} names in \`#[link]\` cannot be read: ${error.message}`;
    throw new Unsupported(message, { cause: error });
  } finally {
    parser.delete();
  }
}

async function askConditions(
  { invocation }: UnitRecord,
  { rustc }: Toolchain,
  options: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Conditions> {
  const conditions = new Set<string>();
  const { code } = await run([rustc, "--print", "cfg", ...options], {
    cwd: invocation.cwd,
    env: unitEnvironment(invocation, env),
    onStdout: (line) => conditions.add(line.trim()),
    onStderr: () => undefined,
  });
  if (code !== 0) throw new Unsupported(`rustc does not tell the conditions of ${invocation.id} (--print cfg)`);
  return conditions;
}
