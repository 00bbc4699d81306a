/** Programs of this repository on libraries that have none of their own: `test/fixtures/libraries`. */
import { fixture } from "../../support/projects.js";
import type { EditPlace, Project, Step } from "../project.js";

/** `behind`: where it is edited, in its only source. `steps`: what it does besides its work, for which it takes no arguments. */
function programWith(library: string, behind: string, steps: readonly Step[] = []): Project {
  const step = { args: [] };
  const edit: EditPlace = { file: `${library}/src/main.rs`, behind, step };
  return {
    name: library,
    version: "fixture",
    sources: () => fixture("libraries"),
    selection: ["--package", `with-${library}`],
    program: `with-${library}`,
    work: { steps: [step, ...steps] },
    edit,
  };
}

export const prost = programWith("prost", "fn show(bytes: &[u8]) {");
export const bevy = programWith("bevy", "fn count(mut frame: ResMut<Frame>) {");
/** In a handler: the body of an `async fn`. */
export const axum = programWith("axum", "async fn slow() -> String {");
export const diesel = programWith("diesel", "fn run(file: &str) -> QueryResult<()> {");
/** In a method of the trait that `tonic-prost-build` makes of the service: an \`async fn\` under an attribute macro. */
export const tonic = programWith(
  "tonic",
  "async fn count(&self, request: Request<CountRequest>) -> Result<Response<Self::CountStream>, Status> {",
);
export const seaOrm = programWith("sea-orm", "async fn ask(db: &DatabaseConnection) -> Result<(), DbErr> {");
export const egui = programWith("egui", "fn form(&mut self, ui: &mut egui::Ui) {");
/** There is no display for the window that it asks for. */
export const macroquad = programWith("macroquad", "fn picture(&self) -> Image {", [
  { args: ["window"], env: { DISPLAY: ":nowhere" }, fails: true },
]);
