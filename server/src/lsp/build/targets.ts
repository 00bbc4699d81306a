/** The programs of a project, as cargo names them. */
import { URI } from "vscode-uri";
import type { RunTarget, Target } from "../../../../shared/src/lsp.js";
import type { Metadata } from "../../core/cargo/cargo.js";

const KINDS = ["bin", "example", "bench"] as const;

/** Programs, examples and benches of the workspace's members, in cargo's order. */
export function targetsOf(project: string, metadata: Metadata): Target[] {
  const members = new Set(metadata.workspace_members);
  return metadata.packages
    .filter((item) => members.has(item.id))
    .flatMap((item) =>
      item.targets.flatMap((target): Target[] => {
        const kind = KINDS.find((name) => target.kind.includes(name));
        if (kind === undefined) return [];
        const runTarget: RunTarget = { kind, project, package: item.name, name: target.name };
        const label = kind === "bin" ? target.name : `${kind} ${target.name}`;
        return [{ target: runTarget, label, uri: URI.file(target.src_path).toString() }];
      }),
    );
}

/** The names of the packages that cargo builds when it is told no other. */
export function defaultPackages(metadata: Metadata): ReadonlySet<string> {
  const ids = new Set(metadata.workspace_default_members ?? metadata.workspace_members);
  return new Set(metadata.packages.filter((item) => ids.has(item.id)).map((item) => item.name));
}

/** The ids of members with names that other packages have, too, by these names. */
export function ambiguousMembers({ packages, workspace_members: members }: Metadata): ReadonlyMap<string, string> {
  const ids = new Set(members);
  return new Map(
    packages
      .filter((item) => ids.has(item.id) && packages.some(({ id, name }) => name === item.name && id !== item.id))
      .map((item) => [item.name, item.id]),
  );
}
