/** Programs of this repository on libraries that have none of their own: `test/fixtures/libraries`. */
import { fixture } from "../../support/projects.js";
import type { EditPlace, Project } from "../project.js";

/** `behind`: where it is edited, in its only source. It takes no arguments. */
function programWith(library: string, behind: string): Project {
  const step = { args: [] };
  const edit: EditPlace = { file: `${library}/src/main.rs`, behind, step };
  return {
    name: library,
    version: "fixture",
    sources: () => fixture("libraries"),
    selection: ["--package", `with-${library}`],
    program: `with-${library}`,
    work: { steps: [step] },
    edit,
  };
}

export const prost = programWith("prost", "fn show(bytes: &[u8]) {");
export const bevy = programWith("bevy", "fn count(mut frame: ResMut<Frame>) {");
/** In a handler: the body of an `async fn`. */
export const axum = programWith("axum", "async fn slow() -> String {");
export const diesel = programWith("diesel", "fn run(file: &str) -> QueryResult<()> {");
