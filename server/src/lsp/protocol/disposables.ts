/** What has to be let go of in the end. */
import type { Disposable } from "vscode-languageserver/node";
import type { Disposables } from "./api.js";

export class DisposableStore implements Disposables {
  private readonly items = new Set<Disposable>();

  add(disposable: Disposable): void {
    this.items.add(disposable);
  }

  /** Disposes of everything, the newest first. */
  dispose(): void {
    for (const item of [...this.items].reverse()) item.dispose();
    this.items.clear();
  }
}
