/** The Test Explorer's tree as data: which nodes there are for a project's harnesses. Knows nothing of VS Code. */
import type { TestCase, TestHarness } from "../../../shared/src/lsp.js";

/** What a node stands for. */
export type NodeKind = "package" | "target" | "module" | "test";

/** A node below a project. */
export interface Node {
  readonly kind: NodeKind;
  /** Unique among its siblings, and the same after every build. */
  readonly id: string;
  readonly label: string;
  readonly description: string | undefined;
  /** Where it is; `line` counts from 0. */
  readonly uri: string | undefined;
  readonly line: number | undefined;
  /** Why it has no tests. */
  readonly problem: string | undefined;
  readonly harness: HarnessId | undefined;
  /** libtest's name of a test; undefined for a program that is one test as a whole. */
  readonly test: string | undefined;
  readonly children: readonly Node[];
}

/** Names a harness beyond one build: its program's name changes with cargo's hashes. */
export interface HarnessId {
  readonly package: string;
  readonly kind: TestHarness["kind"];
  readonly target: string;
}

export function isHarness(harness: TestHarness, id: HarnessId): boolean {
  return harness.package === id.package && harness.kind === id.kind && harness.target === id.target;
}

/** The nodes of a project: its packages. Harnesses without tests are left out, unless they have a problem. */
export function projectNodes(harnesses: readonly TestHarness[]): Node[] {
  const packages = new Map<string, Node[]>();
  for (const harness of harnesses) {
    if (harness.harness && harness.tests.length === 0 && harness.problem === undefined) continue;
    const targets = packages.get(harness.package) ?? [];
    targets.push(targetNode(harness));
    packages.set(harness.package, targets);
  }
  return [...packages].map(([name, children]) => ({
    ...PLAIN,
    kind: "package",
    id: `package ${name}`,
    label: name,
    children,
  }));
}

const PLAIN = {
  description: undefined,
  uri: undefined,
  line: undefined,
  problem: undefined,
  harness: undefined,
  test: undefined,
  children: [],
} as const satisfies Partial<Node>;

function targetNode(harness: TestHarness): Node {
  const id: HarnessId = { package: harness.package, kind: harness.kind, target: harness.target };
  return {
    kind: harness.harness ? "target" : "test",
    id: `${id.kind} ${id.target}`,
    label: id.kind === "lib" ? "library" : `${KINDS[id.kind]} ${id.target}`,
    description: harness.label.replace(/^unittests /, ""),
    uri: harness.uri,
    line: undefined,
    problem: harness.problem,
    harness: id,
    test: undefined,
    children: moduleNodes(harness.tests, id, 0, harness.uri),
  };
}

const KINDS: Readonly<Record<TestHarness["kind"], string>> = {
  lib: "library",
  bin: "program",
  test: "test",
  example: "example",
  bench: "benchmark",
};

/** The nodes of tests whose names have the same first `depth` parts. */
function moduleNodes(tests: readonly TestCase[], harness: HarnessId, depth: number, root: string): Node[] {
  const modules = new Map<string, TestCase[]>();
  const nodes: Node[] = [];
  for (const test of tests) {
    const parts = test.name.split("::");
    if (parts.length <= depth + 1) {
      nodes.push(testNode(test, parts.at(-1) ?? test.name, harness));
      continue;
    }
    const name = parts[depth] ?? "";
    const inside = modules.get(name) ?? [];
    inside.push(test);
    modules.set(name, inside);
  }
  const moduleList = [...modules].map(([name, inside]): Node => {
    const first = firstPlace(inside);
    return {
      ...PLAIN,
      kind: "module",
      id: `module ${name}`,
      label: name,
      uri: first?.uri ?? root,
      line: undefined,
      harness,
      children: moduleNodes(inside, harness, depth + 1, root),
    };
  });
  return [...moduleList, ...nodes];
}

function testNode(test: TestCase, label: string, harness: HarnessId): Node {
  return {
    ...PLAIN,
    kind: "test",
    id: `test ${test.name}`,
    label,
    description: test.kind === "bench" ? "benchmark" : undefined,
    uri: test.uri,
    line: test.line,
    harness,
    test: test.name,
  };
}

function firstPlace(tests: readonly TestCase[]): TestCase | undefined {
  return tests.find((test) => test.uri !== undefined);
}
