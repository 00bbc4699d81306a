// npm run package: makes the editor's package for this platform, cranefly-linux-x64-VERSION.vsix in target/package.
import { mkdirSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { installNpmProject } from "./lib/npmProject.mjs";
import { repository } from "./lib/paths.mjs";
import { main, mustRun } from "./lib/run.mjs";
import { build } from "./lib/steps.mjs";
import { filesIn, stageExtension } from "./lib/vsix.mjs";

const platform = "linux-x64";
const tool = path.join(repository, "target/tools/vsce");

/** Packages what is built already; gives the package's path. */
export async function makePackage() {
  await installNpmProject(path.join(repository, "scripts/package"), tool, {
    announce: "installing the packaging tool (about 130 MB, once)",
  });
  const folder = path.join(repository, "target/package");
  const stage = path.join(folder, "stage");
  const { name, version } = stageExtension(stage);
  mkdirSync(folder, { recursive: true });
  const vsix = path.join(folder, `${name}-${platform}-${version}.vsix`);
  rmSync(vsix, { force: true });

  // The licences are two files, under names that the tool does not look for; links in the README lead into the repository.
  const options = ["--no-dependencies", "--skip-license", "--no-rewrite-relative-links", "--allow-missing-repository"];
  const vsce = path.join(tool, "node_modules/@vscode/vsce/vsce");
  await mustRun(process.execPath, [vsce, "package", "--target", platform, "--out", vsix, ...options], { cwd: stage });
  report(stage, vsix);
  return vsix;
}

function report(stage, vsix) {
  for (const file of filesIn(stage)) console.log(`${kilobytes(path.join(stage, file))}  ${file}`);
  console.log(`${kilobytes(vsix)}  ${path.relative(repository, vsix)}`);
}

function kilobytes(file) {
  return `${(statSync(file).size / 1000).toFixed(1).padStart(10)} kB`;
}

if (process.argv[1] === import.meta.filename)
  await main(async () => {
    await build();
    await makePackage();
  });
