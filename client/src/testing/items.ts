/** The Test Explorer's items: kept as long as what they stand for, so that results stay with them. */
import * as vscode from "vscode";
import type { ProjectStatus, TestHarness } from "../../../shared/src/lsp.js";
import { type HarnessId, type Node, projectNodes } from "./testTree.js";

/** What an item stands for. */
export type ItemData =
  | { readonly kind: "project"; readonly project: string }
  | { readonly kind: "package" | "target" | "module"; readonly project: string }
  /** `name` undefined: the harness's program as a whole. */
  | {
      readonly kind: "test";
      readonly project: string;
      readonly harness: HarnessId;
      readonly name: string | undefined;
    };

/** A test that can be run. */
export interface TestLeaf {
  readonly item: vscode.TestItem;
  readonly project: string;
  readonly harness: HarnessId;
  readonly name: string | undefined;
}

export class Items {
  private readonly data = new WeakMap<vscode.TestItem, ItemData>();

  constructor(private readonly controller: vscode.TestController) {}

  of(item: vscode.TestItem): ItemData | undefined {
    return this.data.get(item);
  }

  project(project: string): vscode.TestItem | undefined {
    return this.controller.items.get(project);
  }

  get projects(): vscode.TestItem[] {
    return values(this.controller.items);
  }

  /** The item at the end of a path of ids from the top level. */
  at(ids: readonly string[]): vscode.TestItem | undefined {
    let items: vscode.TestItemCollection | undefined = this.controller.items;
    let item: vscode.TestItem | undefined;
    for (const id of ids) {
      item = items?.get(id);
      items = item?.children;
    }
    return item;
  }

  /** Makes the top level the projects that there are. */
  setProjects(projects: readonly ProjectStatus[]): void {
    const known = projects.map(({ project, name }) => {
      const item = this.controller.items.get(project) ?? this.create(project, name, vscode.Uri.parse(project));
      item.label = name;
      if (!this.data.has(item)) {
        item.canResolveChildren = true;
        this.data.set(item, { kind: "project", project });
      }
      return item;
    });
    this.controller.items.replace(known);
  }

  /** Makes a project's tree that of its harnesses. */
  setHarnesses(project: string, harnesses: readonly TestHarness[]): void {
    const item = this.project(project);
    if (item === undefined) return;
    item.error = undefined;
    this.setChildren(item, projectNodes(harnesses), project);
  }

  /** The tests of an item, in the tree's order, without those in `excluded`. */
  leaves(item: vscode.TestItem, excluded: ReadonlySet<vscode.TestItem> = new Set()): TestLeaf[] {
    if (excluded.has(item)) return [];
    const data = this.data.get(item);
    const own = data?.kind === "test" ? [{ item, ...data }] : [];
    return [...own, ...values(item.children).flatMap((child) => this.leaves(child, excluded))];
  }

  /** All tests that are known. */
  all(): TestLeaf[] {
    return this.projects.flatMap((item) => this.leaves(item));
  }

  private setChildren(parent: vscode.TestItem, nodes: readonly Node[], project: string): void {
    const children = nodes.map((node, index) => {
      const uri = node.uri === undefined ? undefined : vscode.Uri.parse(node.uri);
      const known = parent.children.get(node.id);
      // An item's file cannot be changed.
      const item =
        known?.uri?.toString() === uri?.toString() && known !== undefined
          ? known
          : this.create(node.id, node.label, uri);
      this.fill(item, node, project);
      item.sortText = String(index).padStart(6, "0");
      this.setChildren(item, node.children, project);
      return item;
    });
    parent.children.replace(children);
  }

  private fill(item: vscode.TestItem, node: Node, project: string): void {
    item.label = node.label;
    // (The field is optional, and cannot be set to undefined.)
    if (node.description !== undefined) item.description = node.description;
    item.error = node.problem;
    item.range = node.line === undefined ? undefined : new vscode.Range(node.line, 0, node.line, 0);
    if (node.kind !== "test") this.data.set(item, { kind: node.kind, project });
    else if (node.harness !== undefined) {
      this.data.set(item, { kind: "test", project, harness: node.harness, name: node.test });
    }
  }

  private create(id: string, label: string, uri: vscode.Uri | undefined): vscode.TestItem {
    return this.controller.createTestItem(id, label, uri);
  }
}

/** A collection's items. */
export function values(items: vscode.TestItemCollection): vscode.TestItem[] {
  const list: vscode.TestItem[] = [];
  items.forEach((item) => void list.push(item));
  return list;
}
