// npm run build: installs what is missing and builds, nothing else.
import { main } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";

await main(build);
