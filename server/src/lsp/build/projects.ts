/** All projects of the editor's folders: found, opened, closed. */
import * as fs from "node:fs";
import * as path from "node:path";
import { type Disposable, Emitter } from "vscode-languageserver/node";
import { URI } from "vscode-uri";
import type { GenerationReport } from "../../../../shared/src/report.js";
import { messageOf } from "../../core/support/errors.js";
import type { BuildKind, GenerationEvent, Project, Projects } from "../protocol/api.js";
import { discover } from "./workspaceDiscovery.js";
import { Presence } from "./presence.js";
import { CargoProject, type ProjectEvents } from "./project.js";
import type { ProjectLocation, ProjectServices } from "./projectServices.js";

/** Every update of a project: what it was for, and its report. */
export interface UpdateEvent {
  readonly project: CargoProject;
  readonly kind: BuildKind;
  readonly report: GenerationReport;
  /** cargo's own words, from its first error on. */
  readonly output: readonly string[];
}

/** A build that is not kept current any more. */
export interface Retirement {
  readonly project: CargoProject;
  readonly kind: BuildKind;
}

interface Wanted extends ProjectLocation {
  /** Built as soon as it is open, not only when a document of it is. */
  readonly isMain: boolean;
}

export class ProjectSet implements Projects {
  private readonly open = new Map<string, CargoProject>();
  private folders: readonly string[] = [];
  private readonly changed = new Emitter<void>();
  private readonly generations = new Emitter<GenerationEvent>();
  private readonly statuses = new Emitter<Project>();
  private readonly updates = new Emitter<UpdateEvent>();
  private readonly retirements = new Emitter<Retirement>();
  private readonly closings = new Emitter<CargoProject>();
  private readonly presence = new Presence(() => void this.refresh());
  /** Where workspaces were that are gone: they may come back. */
  private readonly gone = new Set<string>();
  /** Folders are looked through one after the other. */
  private work: Promise<void> = Promise.resolve();
  private closed = false;
  private isScanned = false;

  private readonly events: ProjectEvents = {
    onStatus: (project) => void this.statuses.fire(project),
    onGeneration: (project, summary, report) => void this.generations.fire({ project, summary, report }),
    onGone: () => void this.refresh(),
    onRetired: (project, kind) => void this.retirements.fire({ project, kind }),
    onUpdate: (project, { kind, output }, report) => void this.updates.fire({ project, kind, report, output }),
  };

  /** `isOpen`: whether a document of the folder is open in the editor. */
  constructor(
    private readonly services: ProjectServices,
    private readonly isOpen: (root: string) => boolean,
  ) {}

  all(): readonly CargoProject[] {
    return [...this.open.values()];
  }

  get(project: string): CargoProject | undefined {
    return this.open.get(project);
  }

  projectOf(uri: string): CargoProject | undefined {
    const exact = this.open.get(uri);
    if (exact !== undefined) return exact;
    const { scheme, fsPath } = URI.parse(uri);
    if (scheme !== "file") return undefined;
    const around = this.all().filter((item) => item.file === undefined && isBelow(fsPath, item.root));
    return around.sort((a, b) => b.root.length - a.root.length)[0];
  }

  onDidChange(listener: () => void): Disposable {
    return this.changed.event(listener);
  }

  onGeneration(listener: (event: GenerationEvent) => void): Disposable {
    return this.generations.event(listener);
  }

  onStatus(listener: (project: Project) => void): Disposable {
    return this.statuses.event(listener);
  }

  onUpdate(listener: (event: UpdateEvent) => void): Disposable {
    return this.updates.event(listener);
  }

  onRetired(listener: (event: Retirement) => void): Disposable {
    return this.retirements.event(listener);
  }

  onClosed(listener: (project: CargoProject) => void): Disposable {
    return this.closings.event(listener);
  }

  /** The editor's folders are these now. */
  setFolders(folders: readonly string[]): Promise<void> {
    this.folders = folders;
    return this.refresh();
  }

  /** Looks again which workspaces there are. */
  refresh(): Promise<void> {
    this.work = this.work.then(() => this.scan()).catch((error: unknown) => this.services.log.error(messageOf(error)));
    return this.work;
  }

  /** A document is shown: its project is wanted now. */
  documentOpened(uri: string): void {
    const project = this.projectOf(uri);
    if (project?.status.state.kind === "idle" && this.services.settings().buildOnOpen) project.request("opened");
    else project?.expectEdits();
  }

  /** The project of a source file without a package, which is opened because somebody wants to run it. */
  openSingle(file: string): CargoProject {
    const uri = URI.file(file).toString();
    return this.open.get(uri) ?? this.add({ root: path.dirname(file), file }, false);
  }

  /** Settings that decide what is built are others. */
  restart(): Promise<void> {
    this.work = this.work.then(async () => {
      await Promise.all(this.all().map((project) => project.restart()));
      // What builds of the old settings said is no news any more.
      for (const project of this.all()) this.closings.fire(project);
    });
    return this.work;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.presence.close();
    await this.work;
    await Promise.all(this.all().map((project) => project.close()));
    this.open.clear();
  }

  private async scan(): Promise<void> {
    if (this.closed) return;
    const wanted = await this.find();
    // That there is none is news, too, the first time.
    let isChanged = !this.isScanned;
    this.isScanned = true;
    for (const [uri, project] of this.open) {
      const isKept = project.file === undefined ? wanted.has(uri) : fs.existsSync(project.file);
      if (isKept) continue;
      this.open.delete(uri);
      isChanged = true;
      if (this.folders.some((folder) => isBelow(project.root, folder))) this.gone.add(project.root);
      await project.close();
      this.closings.fire(project);
    }
    const { buildOnOpen } = this.services.settings();
    for (const [uri, place] of wanted) {
      if (this.open.has(uri)) continue;
      isChanged = true;
      this.add(place, buildOnOpen && (place.isMain || this.isOpen(place.root)));
    }
    for (const root of this.gone) {
      const isWatched = this.folders.some((folder) => isBelow(root, folder));
      if (!isWatched || this.open.has(URI.file(root).toString())) this.gone.delete(root);
    }
    this.presence.watch([...new Set([...this.folders, ...this.gone])]);
    if (isChanged) this.changed.fire();
    // What came or went while the others were closed, before anybody watched for it.
    if (isChanged && !this.isSame(wanted, await this.find())) void this.refresh();
  }

  private isSame(a: ReadonlyMap<string, Wanted>, b: ReadonlyMap<string, Wanted>): boolean {
    return a.size === b.size && [...a.keys()].every((uri) => b.has(uri));
  }

  private add(place: ProjectLocation, build: boolean): CargoProject {
    const project = new CargoProject(place, this.services, this.events);
    this.open.set(project.uri, project);
    project.open(build);
    return project;
  }

  private async find(): Promise<Map<string, Wanted>> {
    const wanted = new Map<string, Wanted>();
    if (!this.services.settings().enable) return wanted;
    const add = (root: string, isMain: boolean): void => {
      const uri = URI.file(root).toString();
      const known = wanted.get(uri);
      wanted.set(uri, { root, isMain: isMain || known?.isMain === true });
    };
    const linked = this.services.settings().linkedProjects;
    for (const folder of this.folders) {
      if (linked.length > 0) {
        for (const item of linked) {
          const manifest = path.resolve(folder, item);
          const root = manifest.endsWith("Cargo.toml") ? path.dirname(manifest) : manifest;
          if (fs.existsSync(path.join(root, "Cargo.toml"))) add(root, true);
          else this.services.log.warn(`the linked project ${manifest} does not exist`);
        }
        continue;
      }
      const { found, isCut } = await discover(folder);
      if (isCut) this.services.log.warn(`${folder} has too many folders: not all were searched for Cargo.toml`);
      const least = found[0]?.depth;
      for (const { root, depth } of found) add(root, depth === least);
    }
    return wanted;
  }
}

function isBelow(file: string, root: string): boolean {
  return file === root || file.startsWith(root.endsWith(path.sep) ? root : root + path.sep);
}
