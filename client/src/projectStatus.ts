/** What the server told about the projects, and which of them the user looks at. */
import * as vscode from "vscode";
import type { GenerationParams, ProjectStatus } from "../../shared/src/lsp.js";
import { projectOf, projectToShow } from "./projectLookup.js";
import type { Server } from "./server.js";

export class Projects implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly published = new vscode.EventEmitter<GenerationParams>();
  private readonly subscriptions: vscode.Disposable[];
  private list: readonly ProjectStatus[] | undefined;
  private last: string | undefined;

  /** The list, a status in it, or the active project is another one. */
  readonly onDidChange = this.changed.event;
  /** Something new can be run: lenses and views are to be asked for anew. */
  readonly onDidPublish = this.published.event;

  constructor(server: Server) {
    this.subscriptions = [
      server.onNotification("cranefly/status", ({ projects }) => {
        this.list = projects;
        this.changed.fire();
      }),
      server.onNotification("cranefly/generation", (params) => this.published.fire(params)),
      server.onDidChangeState(({ kind }) => {
        if (kind !== "running" && kind !== "starting") {
          this.list = undefined;
        }
        this.changed.fire();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => this.changed.fire()),
    ];
  }

  /** Empty, too, while the server has not told any. */
  get all(): readonly ProjectStatus[] {
    return this.list ?? [];
  }

  /** Whether the server has told which projects there are, since it was started. */
  get known(): boolean {
    return this.list !== undefined;
  }

  /** The project of the active editor's file, or the one that it showed last. */
  get active(): ProjectStatus | undefined {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const project = projectToShow(this.all, uri?.scheme === "file" ? uri.toString() : undefined, this.last);
    this.last = project?.project ?? this.last;
    return project;
  }

  /** The project that a file belongs to. */
  of(uri: vscode.Uri): ProjectStatus | undefined {
    return projectOf(this.all, uri.toString());
  }

  /** By the URI that names it in every request. */
  byId(project: string): ProjectStatus | undefined {
    return this.all.find((candidate) => candidate.project === project);
  }

  dispose(): void {
    this.subscriptions.forEach((subscription) => void subscription.dispose());
    this.changed.dispose();
    this.published.dispose();
  }
}
