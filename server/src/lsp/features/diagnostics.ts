/** Shows what rustc said in the builds: one list a file, made of all builds of its project. */
import * as fs from "node:fs";
import * as path from "node:path";
import {
  CodeAction,
  CodeActionKind,
  type Diagnostic,
  DiagnosticSeverity,
  type TextEdit,
} from "vscode-languageserver/node";
import { URI } from "vscode-uri";
import type { ServerSettings } from "../../../../shared/src/lsp.js";
import type { BuildKind, Project, ServerContext } from "../protocol/api.js";
import type { ProjectSet, UpdateEvent } from "../build/projects.js";
import { DiagnosticData, type FileDiagnostic, convert, fileFinder } from "../protocol/rustcDiagnostics.js";

/** Diagnostics by file (URI). */
type ByFile = Map<string, Diagnostic[]>;

export function register(context: ServerContext, projects: ProjectSet): void {
  const publisher = new Publisher(context);
  context.capabilities.codeActionProvider = { codeActionKinds: [CodeActionKind.QuickFix] };
  projects.onUpdate((event) => publisher.update(event));
  projects.onRetired(({ project, kind }) => publisher.forget(project, kind));
  projects.onClosed((project) => publisher.drop(project));
  context.settings.onDidChange(() => publisher.showAll());
  context.connection.onCodeAction(({ context: { diagnostics, only } }) => {
    if (only !== undefined && !only.some((kind) => CodeActionKind.QuickFix.startsWith(kind))) return [];
    return diagnostics.flatMap((diagnostic) => quickFixes(diagnostic));
  });
}

/** Whether diagnostics are shown: with `auto` if rust-analyzer does not check on save, so that one compile serves both. */
export function isShown(settings: ServerSettings): boolean {
  if (!settings.enable || settings.diagnostics === "off") return false;
  return settings.diagnostics === "on" || settings.rustAnalyzerChecks !== true;
}

class Publisher {
  /** What each build of each project said last, also while it is not shown. */
  private readonly said = new Map<string, Map<BuildKind, readonly FileDiagnostic[]>>();
  /** The files that the client shows something for, by project. */
  private readonly shown = new Map<string, Set<string>>();

  constructor(private readonly context: ServerContext) {}

  update(event: UpdateEvent): void {
    const { project, kind } = event;
    const builds = this.said.get(project.uri) ?? new Map<BuildKind, readonly FileDiagnostic[]>();
    // The body lane has seen one function: what was said of the others still holds, but for errors, which are gone.
    const isPartial = event.report.lane === "body" && event.report.ok;
    const kept = (builds.get(kind) ?? []).filter((item) => item.diagnostic.severity !== DiagnosticSeverity.Error);
    builds.set(kind, isPartial ? kept : diagnosticsOf(event));
    this.said.set(project.uri, builds);
    this.show(project.uri);
  }

  /** Nobody would hear when what a build said does not hold any more. */
  forget(project: Project, kind: BuildKind): void {
    if (this.said.get(project.uri)?.delete(kind) === true) this.show(project.uri);
  }

  drop(project: Project): void {
    this.said.delete(project.uri);
    this.show(project.uri);
    this.shown.delete(project.uri);
  }

  showAll(): void {
    for (const project of this.said.keys()) this.show(project);
  }

  private show(project: string): void {
    const files = isShown(this.context.settings.current)
      ? merge(this.said.get(project))
      : new Map<string, Diagnostic[]>();
    const before = this.shown.get(project) ?? new Set();
    for (const uri of before) if (!files.has(uri)) this.publish(uri, []);
    for (const [uri, diagnostics] of files) this.publish(uri, diagnostics);
    this.shown.set(project, new Set(files.keys()));
  }

  private publish(uri: string, diagnostics: Diagnostic[]): void {
    void this.context.connection.sendDiagnostics({ uri, diagnostics });
  }
}

/** The diagnostics of all builds; what two of them say is said once. */
function merge(builds: ReadonlyMap<BuildKind, readonly FileDiagnostic[]> | undefined): ByFile {
  const files: ByFile = new Map();
  const seen = new Set<string>();
  for (const { uri, diagnostic } of [...(builds?.values() ?? [])].flat()) {
    const { range, message, code } = diagnostic;
    const key = JSON.stringify([uri, range, message, code]);
    if (seen.has(key)) continue;
    seen.add(key);
    const list = files.get(uri);
    if (list === undefined) files.set(uri, [diagnostic]);
    else list.push(diagnostic);
  }
  return files;
}

function diagnosticsOf(event: UpdateEvent): FileDiagnostic[] {
  const { project, report } = event;
  const built = project.built("build") ?? project.built("test");
  // cargo starts rustc in the workspace's root for its members, and in the package's folder for other local packages.
  const folders = [project.root, ...(built?.state.packageDirs ?? [])];
  const find = fileFinder(folders, (file) => fs.existsSync(file));
  const placed = report.diagnostics.flatMap((diagnostic) => convert(diagnostic, find) ?? []);
  const hasError = placed.some(({ diagnostic }) => diagnostic.severity === DiagnosticSeverity.Error);
  // Never an error without a place to see it: the linker's, say, or cargo's own.
  return report.ok || hasError ? placed : [...placed, ...ofNoFile(event)];
}

/** Errors that have no place in a source: shown in the manifest that cargo names, or in the workspace's. */
function ofNoFile({ project, report, output }: UpdateEvent): FileDiagnostic[] {
  const said = report.diagnostics.filter((item) => item.level.startsWith("error")).map((item) => item.message);
  const text = said.length > 0 ? said.join("\n") : output.join("\n").trim();
  const named = /(?:manifest (?:at|path) `|--> )(\/?[^`\n]*Cargo\.toml)(?:`|:(\d+):(\d+))/.exec(text);
  const [, name = "Cargo.toml", line = "1", column = "1"] = named ?? [];
  const file = project.file ?? path.resolve(project.root, name);
  const start = { line: Number(line) - 1, character: Number(column) - 1 };
  const message = text === "" ? `the build failed: ${report.reason}` : text.replace(/^error: /, "");
  const diagnostic = { range: { start, end: start }, severity: DiagnosticSeverity.Error, source: "cargo", message };
  return [{ uri: URI.file(file).toString(), diagnostic }];
}

function quickFixes(diagnostic: Diagnostic): CodeAction[] {
  const data = DiagnosticData.safeParse(diagnostic.data);
  if (!data.success) return [];
  return data.data.fixes.map(({ title, isPreferred, edits }) => {
    const changes = new Map<string, TextEdit[]>();
    for (const { uri, range, newText } of edits) changes.set(uri, [...(changes.get(uri) ?? []), { range, newText }]);
    const edit = { changes: Object.fromEntries(changes) };
    return { ...CodeAction.create(title, edit, CodeActionKind.QuickFix), diagnostics: [diagnostic], isPreferred };
  });
}
