import * as path from "node:path";
import { Layout } from "../core/layout.js";
import { loadMetadata } from "../core/cargo.js";
import { capture } from "../core/capture.js";
import { ensureBase } from "../core/base.js";
import { loadUnit } from "../core/unit.js";
import { crateLane } from "../core/crateLane.js";
async function main() {
  const cwd = process.cwd();
  const sel = { command: process.argv[2] as "run", cwd, manifestPath: undefined, targets: process.argv.slice(3), features: [], profile: undefined, global: [] };
  const md = await loadMetadata(sel, [], process.env);
  const layout = new Layout(path.join(md.target_directory, "cranefly"));
  console.time("capture");
  const c = await capture(layout, sel, md, { env: process.env, shimBundle: path.join(__dirname, "shim.cjs"), color: false, quiet: false, onDiagnostic: (d) => console.error(d.rendered), onProgress: (l) => console.error(l) });
  console.timeEnd("capture");
  console.log(JSON.stringify({ ...c, state: { ...c.state, cargoInputs: c.state.cargoInputs.length } }, null, 1));
  for (const p of c.state.programs) {
    console.time("base");
    console.log(await ensureBase(layout, c.state.toolchain, p.closure.map((k) => loadUnit(layout, k)!), process.env));
    console.timeEnd("base");
  }
  console.time("lane");
  console.log(await crateLane(layout, c.state.units, { env: process.env, jobs: 2, onDiagnostic: (d) => console.error(d.rendered), onStart: (i) => console.error(i) }));
  console.timeEnd("lane");
}
void main();
