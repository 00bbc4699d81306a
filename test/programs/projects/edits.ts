/** Edits of a project's working copy: each prints a tag that no output had before. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { EditPlace } from "./project.js";

/** `body`: a statement in a function's body. `item`: such a statement, and a new function that it calls. */
export type EditKind = "body" | "item";

export class EditedFile {
  private constructor(
    readonly file: string,
    private readonly original: string,
    private readonly place: EditPlace,
  ) {}

  static async of(folder: string, place: EditPlace): Promise<EditedFile> {
    const file = path.join(folder, place.file);
    const original = await readFile(file, "utf8");
    if (original.split(place.behind).length !== 2) throw new Error(`${place.file} has not exactly one ${place.behind}`);
    return new EditedFile(file, original, place);
  }

  async save(kind: EditKind, tag: string): Promise<void> {
    await writeFile(this.file, this.text(kind, tag));
  }

  async restore(): Promise<void> {
    await writeFile(this.file, this.original);
  }

  private text(kind: EditKind, tag: string): string {
    const { behind, print = (expression) => `println!("{}", ${expression});` } = this.place;
    // Another function for each tag, so that two such edits in a row are not one of a body.
    const added = tag.replace(/\W+/g, "_");
    const expression = kind === "body" ? `"${tag}"` : `${added}("${tag}")`;
    const edited = this.original.replace(behind, () => `${behind} ${print(expression)}`);
    if (kind === "body") return edited;
    return `${edited}\nfn ${added}(tag: &str) -> String {\n    tag.chars().rev().collect::<String>() + tag\n}\n`;
  }
}
