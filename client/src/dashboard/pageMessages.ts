/** What the dashboard's panel and the page in it say to each other. */
import type { DashboardResult } from "../../../shared/src/lsp.js";

/** To the page. */
export type ToPage =
  | { readonly type: "data"; readonly data: DashboardResult }
  /** There is nothing to show; `message` is for the user. */
  | { readonly type: "empty"; readonly message: string };

/** To the extension. */
export type FromPage =
  | { readonly type: "ready" }
  /** `line` counts from 1. */
  | { readonly type: "open"; readonly file: string; readonly line: number }
  | { readonly type: "export" }
  | { readonly type: "rebuild" };

/** Checks what came from the page. */
export function parseFromPage(value: unknown): FromPage | undefined {
  if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
  const { type } = value;
  if (type === "ready" || type === "export" || type === "rebuild") return { type };
  if (type !== "open" || !("file" in value) || !("line" in value)) return undefined;
  const { file, line } = value;
  return typeof file === "string" && typeof line === "number" ? { type, file, line } : undefined;
}
