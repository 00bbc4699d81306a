// npm start [-- DIR]: builds Cranefly, then builds, runs and watches the cargo project DIR (default: the sample).
import path from "node:path";
import { cranefly, sample } from "./lib/paths.mjs";
import { main, run } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(async () => {
  const [directory] = process.argv.slice(2);
  // npm changes into the repository; a relative DIR is meant from where the user stands.
  const project = directory === undefined ? sample : path.resolve(process.env.INIT_CWD ?? ".", directory);
  await build();
  if (process.stdin.isTTY && process.stdout.isTTY) {
    const code = await run(cranefly, ["watch", "--run", project], { ignoreInterrupt: true });
    // Ctrl-C is how a watch ends.
    return code === 130 ? 0 : code;
  }
  // Nobody is there to save a file or to press Ctrl-C: one run.
  return run(cranefly, ["run", project]);
});
