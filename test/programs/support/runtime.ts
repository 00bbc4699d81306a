/** Gives these tests an engine of their own, which ends with them: not the one that the user works with. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { endAll, processesWith } from "../../../scripts/lib/processes.mjs";

export default function setup(): () => void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cranefly-programs-"));
  // Images are there as well if others may pass through it.
  fs.chmodSync(folder, 0o711);
  process.env["XDG_RUNTIME_DIR"] = folder;
  return () => {
    endAll(() => processesWith(`XDG_RUNTIME_DIR=${folder}`).filter(({ parent }) => parent !== process.pid));
    fs.rmSync(folder, { recursive: true, force: true });
  };
}
