/**
 * What is known of the functions in the open documents: kept a generation, asked of the engine once a document.
 *
 * Answers at once with what there is, older generations' facts included; what arrives later is told through
 * `onDidChange`, upon which lenses are asked for anew.
 */
import { fileURLToPath } from "node:url";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { Emitter, type Event } from "vscode-languageserver/node";
import type { GenerationReport } from "../../../../../shared/src/report.js";
import { messageOf } from "../../../core/support/errors.js";
import { digest, readText } from "../../../core/support/files.js";
import type { Project, ServerContext } from "../../protocol/api.js";
import type { SyntaxStore } from "../syntax/documentStore.js";
import type { RustFunction, Structure } from "../syntax/structure.js";
import { type Attribution, attributeByLine, attributeByName, carryOver } from "./attribute.js";
import { type FunctionFacts, type ProgramEntry, factsOf } from "./facts.js";
import { type FileProgram, programsOf } from "./programs.js";

/** How long a request waits for the engine's answer about a document that was never asked for. */
const PATIENCE_MS = 150;

/** A function of a document, and what is known of it. */
export interface KnownFunction {
  readonly item: RustFunction;
  readonly facts: FunctionFacts;
}

/** What was compiled of a file. */
interface CompiledFile {
  /** The digest of the text that `structure` is of. */
  readonly digest: string | undefined;
  /** The structure of a text that was compiled, when one could still be seen. */
  readonly structure: Structure | undefined;
  readonly entries: readonly ProgramEntry[];
  /** By line; undefined without the structure. */
  readonly facts: Facts | undefined;
}

type Facts = ReadonlyMap<string, FunctionFacts>;

interface State {
  /** Counts the project's generations; what belongs to an older one is loaded anew. */
  readonly epoch: number;
  readonly loading: Promise<void>;
  file: CompiledFile | undefined;
}

export class FunctionStore {
  private readonly states = new Map<string, State>();
  private readonly epochs = new Map<string, number>();
  /** Whether what is new in a program is news to the user: in its first generation all of it is new. */
  private readonly news = new Map<string, boolean>();
  private readonly changed = new Emitter<void>();

  constructor(
    private readonly context: Pick<ServerContext, "documents" | "projects" | "disposables" | "log">,
    private readonly syntax: SyntaxStore,
  ) {
    const { documents, projects, disposables } = context;
    disposables.add(
      projects.onGeneration(({ project, report }) => {
        this.learn(project, report);
        this.reload(project);
      }),
    );
    disposables.add(documents.onDidClose(({ document }) => this.states.delete(document.uri)));
    disposables.add(this.changed);
  }

  /** Facts are not those that were last reported. */
  get onDidChange(): Event<void> {
    return this.changed.event;
  }

  /** The functions of a document that something is known of, in source order. Never waits for a build. */
  async of(document: TextDocument, patienceMs = PATIENCE_MS): Promise<readonly KnownFunction[]> {
    const project = this.context.projects.projectOf(document.uri);
    if (project === undefined) return [];
    const present = await this.syntax.of(document);
    if (present === undefined) return [];
    const state = this.stateOf(document, project);
    if (state.file === undefined) await within(state.loading, patienceMs);
    return state.file === undefined ? [] : knownFunctions(state.file, present);
  }

  /** All entries of a document's file, also those that belong to no function of the source. */
  async entriesOf(document: TextDocument, patienceMs = PATIENCE_MS): Promise<readonly ProgramEntry[]> {
    const project = this.context.projects.projectOf(document.uri);
    if (project === undefined) return [];
    const state = this.stateOf(document, project);
    await within(state.loading, patienceMs);
    return state.file?.entries ?? [];
  }

  private stateOf(document: TextDocument, project: Project): State {
    const epoch = this.epochs.get(project.uri) ?? 0;
    const known = this.states.get(document.uri);
    if (known?.epoch === epoch) return known;
    const state: State = {
      epoch,
      file: known?.file,
      loading: this.load(document, project, known?.file).then(
        (file) => {
          const hasChanged = state.file !== file;
          state.file = file;
          if (hasChanged && this.states.get(document.uri) === state) this.changed.fire();
        },
        (error: unknown) => this.context.log.warn(`the functions of ${document.uri} are unknown: ${messageOf(error)}`),
      ),
    };
    // A document that is not open any more would never be forgotten.
    if (this.context.documents.get(document.uri) === document) this.states.set(document.uri, state);
    return state;
  }

  private learn(project: Project, report: GenerationReport): void {
    for (const { program, functions } of report.programs) {
      const key = newsKey(project, program);
      // A generation that left a program alone leaves its last changes what they are.
      if (functions.changed > 0) this.news.set(key, functions.changed < functions.total);
    }
  }

  /** A new generation: the open documents' functions are asked for, and then shown. */
  private reload(project: Project): void {
    this.epochs.set(project.uri, (this.epochs.get(project.uri) ?? 0) + 1);
    for (const document of this.context.documents.all()) {
      const isShown = this.states.has(document.uri);
      if (isShown && this.context.projects.projectOf(document.uri) === project) this.stateOf(document, project);
    }
  }

  private async load(
    document: TextDocument,
    project: Project,
    before: CompiledFile | undefined,
  ): Promise<CompiledFile> {
    const file = fileURLToPath(document.uri);
    const programs = programsOf(project, file);
    const entries = await this.ask(project, programs, file);
    const digests = [...new Set(programs.flatMap((program) => program.digests))];
    for (const candidate of digests) {
      const structure = await this.structureOf(document, file, candidate, before);
      if (structure === undefined) continue;
      const facts = factsByKey(attributeByLine(structure, entries, digests.length > 1));
      return { digest: candidate, structure, entries, facts };
    }
    return { digest: undefined, structure: undefined, entries, facts: undefined };
  }

  /** The file's functions in all programs. An engine that was stopped is not started for this. */
  private async ask(project: Project, programs: readonly FileProgram[], file: string): Promise<ProgramEntry[]> {
    const { engine } = project;
    if (engine === undefined || project.status.state.kind === "down") return [];
    const answers = await Promise.allSettled(
      programs.map(async ({ built, name, rank }): Promise<ProgramEntry[]> => {
        const functions = await engine.functions(built.layout.root, name, { files: [file] });
        const hasChanged = this.news.get(newsKey(project, name)) ?? false;
        return functions.map((entry) => ({
          ...entry,
          program: name,
          rank,
          changed: entry.changed === true && hasChanged,
        }));
      }),
    );
    const failed = answers.find((answer) => answer.status === "rejected");
    if (failed !== undefined && answers.every((answer) => answer.status === "rejected")) throw failed.reason;
    return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  }

  /** The structure of the text with that digest, if it is the document's, the file's, or the one that was seen before. */
  private async structureOf(
    document: TextDocument,
    file: string,
    wanted: string,
    before: CompiledFile | undefined,
  ): Promise<Structure | undefined> {
    if (before?.digest === wanted) return before.structure;
    const text = document.getText();
    if (digest(text) === wanted) {
      const { version } = document;
      const structure = await this.syntax.of(document);
      return document.version === version ? structure : this.syntax.ofText(text);
    }
    const saved = readText(file);
    return saved !== undefined && digest(saved) === wanted ? this.syntax.ofText(saved) : undefined;
  }
}

function knownFunctions({ structure, facts, entries }: CompiledFile, present: Structure): KnownFunction[] {
  const current =
    structure === undefined || facts === undefined
      ? factsByKey(attributeByName(present, entries))
      : carryOver(facts, structure, present);
  return present.functions.flatMap((item) => {
    const known = current.get(item.key);
    return known === undefined ? [] : [{ item, facts: known }];
  });
}

function factsByKey(attribution: Attribution): Facts {
  const facts = new Map<string, FunctionFacts>();
  for (const [key, entries] of attribution) {
    const known = factsOf(entries);
    if (known !== undefined) facts.set(key, known);
  }
  return facts;
}

function newsKey(project: Project, program: string): string {
  return `${project.uri}\n${program}`;
}

/** Waits for work, but not longer than that. */
async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([work, patience]);
  clearTimeout(timer);
}
