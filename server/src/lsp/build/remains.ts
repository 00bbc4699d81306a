/**
 * What a build leaves where its workspace was. cargo and the lanes name the target directory by its path, so a build that is
 * under way while the workspace is moved or deleted makes it anew, and who moves the workspace back would find its place taken.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { list, statOf } from "../../core/support/files.js";

/** A folder that can be told from one that was made in its place. */
export class Folder {
  private readonly inode: number | undefined;

  constructor(readonly path: string) {
    this.inode = inodeOf(path);
  }

  /** Whether something else is there now. */
  isAnother(): boolean {
    const inode = inodeOf(this.path);
    return inode !== undefined && inode !== this.inode;
  }
}

/** Removes what builds have made in the place of a workspace's folder: `target`, if there is nothing else in it, and the folder. */
export async function removeRemains(workspace: Folder, target: string): Promise<void> {
  if (!workspace.isAnother()) return;
  const parents = parentsOf(target, workspace.path);
  const holdsOnlyTarget = parents.every((parent, index) => {
    const names = list(parent);
    return names.length === 1 && path.join(parent, names[0] ?? "") === (parents[index - 1] ?? target);
  });
  if (parents.length === 0 || !holdsOnlyTarget) return;
  await fs.promises.rm(target, { recursive: true, force: true });
  // Empty folders only: what somebody else puts there meanwhile stays.
  for (const parent of parents) await fs.promises.rmdir(parent).catch(() => undefined);
}

/** The folders around `inner` up to `outer`, innermost first; none if it is not in it. */
function parentsOf(inner: string, outer: string): string[] {
  if (!inner.startsWith(outer + path.sep)) return [];
  const parents = [path.dirname(inner)];
  while (parents.at(-1) !== outer) parents.push(path.dirname(parents.at(-1) ?? outer));
  return parents;
}

function inodeOf(file: string): number | undefined {
  return statOf(file)?.ino;
}
