/** The client's settings, checked: a value of the wrong type is logged, and counts as not set. */
import * as z from "zod";
import {
  type Connection,
  DidChangeConfigurationNotification,
  type Disposable,
  Emitter,
  type InitializeParams,
} from "vscode-languageserver/node";
import type { ServerSettings } from "../../../../shared/src/lsp.js";
import type { Log, Settings } from "./api.js";
import { messageOf } from "../../core/support/errors.js";

const SECTION = "cranefly";

type Record_ = Readonly<Record<string, unknown>>;

function record(value: unknown): Record_ {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

/** Checks what the client answers. `onProblem` gets a sentence for each setting that cannot be used. */
export function parseSettings(value: unknown, onProblem: (text: string) => void): ServerSettings {
  const read = <T>(from: Record_, name: string, type: z.ZodType<T>, byDefault: T): T => {
    const given = from[name.slice(name.lastIndexOf(".") + 1)];
    if (given === undefined || given === null) return byDefault;
    const parsed = type.safeParse(given);
    if (parsed.success) return parsed.data;
    onProblem(`the setting ${SECTION}.${name} is not used: ${z.prettifyError(parsed.error)}`);
    return byDefault;
  };
  const all = record(value);
  const [cargo, lens, tests, engine] = [all["cargo"], all["lens"], all["tests"], all["engine"]].map(record) as [
    Record_,
    Record_,
    Record_,
    Record_,
  ];
  const list = z.array(z.string());
  const checks = read<boolean | null>(all, "rustAnalyzerChecks", z.boolean(), null);
  return {
    enable: read(all, "enable", z.boolean(), true),
    buildOnOpen: read(all, "buildOnOpen", z.boolean(), true),
    watch: read(all, "watch", z.boolean(), true),
    bodyLane: read(all, "bodyLane", z.boolean(), true),
    cargo: {
      features: read<readonly string[] | "all">(cargo, "cargo.features", z.union([list, z.literal("all")]), []),
      noDefaultFeatures: read(cargo, "cargo.noDefaultFeatures", z.boolean(), false),
      profile: read<string | null>(cargo, "cargo.profile", z.string(), null),
      extraArgs: read<readonly string[]>(cargo, "cargo.extraArgs", list, []),
      extraEnv: read<Readonly<Record<string, string>>>(cargo, "cargo.extraEnv", z.record(z.string(), z.string()), {}),
    },
    linkedProjects: read<readonly string[]>(all, "linkedProjects", list, []),
    jobs: read<number | null>(all, "jobs", z.number().int().positive(), null),
    diagnostics: read(all, "diagnostics", z.enum(["auto", "on", "off"]), "auto"),
    ...(checks === null ? {} : { rustAnalyzerChecks: checks }),
    lens: {
      run: read(lens, "lens.run", z.boolean(), true),
      debug: read(lens, "lens.debug", z.boolean(), true),
      tests: read(lens, "lens.tests", z.boolean(), true),
      functions: read(lens, "lens.functions", z.enum(["off", "lens", "endOfLine"]), "endOfLine"),
      show: read(lens, "lens.show", z.enum(["quiet", "all"]), "quiet"),
      thresholdMicroseconds: read(lens, "lens.thresholdMicroseconds", z.number().nonnegative(), 1000),
      slowMicroseconds: read(lens, "lens.slowMicroseconds", z.number().nonnegative(), 10_000),
    },
    tests: { discover: read(tests, "tests.discover", z.boolean(), true) },
    engine: { path: read<string | null>(engine, "engine.path", z.string(), null) },
  };
}

/** The settings as they are now. */
export class SettingsStore implements Settings {
  current: ServerSettings = parseSettings({}, () => undefined);
  private readonly changed = new Emitter<ServerSettings>();
  private readonly canAsk: boolean;
  private readonly canRegister: boolean;

  constructor(
    private readonly connection: Connection,
    private readonly log: Log,
    params: InitializeParams,
  ) {
    this.canAsk = params.capabilities.workspace?.configuration === true;
    this.canRegister = params.capabilities.workspace?.didChangeConfiguration?.dynamicRegistration === true;
    if (!this.canAsk) this.apply(record(params.initializationOptions));
    connection.onDidChangeConfiguration((event) => {
      if (this.canAsk) void this.refresh();
      else this.apply(record(event.settings)[SECTION]);
    });
  }

  onDidChange(listener: (settings: ServerSettings) => void): Disposable {
    return this.changed.event(listener);
  }

  /** Reads the settings for the first time, and has the client tell when they change. */
  async start(): Promise<void> {
    if (this.canRegister) {
      void this.connection.client.register(DidChangeConfigurationNotification.type, { section: SECTION });
    }
    await this.refresh();
  }

  /** Asks the client, if it can be asked. */
  private async refresh(): Promise<void> {
    if (!this.canAsk) return;
    try {
      this.apply(await this.connection.workspace.getConfiguration(SECTION));
    } catch (error) {
      this.log.warn(`the settings cannot be read: ${messageOf(error)}`);
    }
  }

  private apply(value: unknown): void {
    const next = parseSettings(value, (text) => this.log.warn(text));
    if (JSON.stringify(next) === JSON.stringify(this.current)) return;
    this.current = next;
    this.changed.fire(next);
  }
}
