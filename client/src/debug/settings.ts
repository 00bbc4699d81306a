/** The debugging settings, as package.json declares them. */
import * as vscode from "vscode";
import { setting } from "../settings.js";

export interface DebugSettings {
  readonly adapter: "auto" | "lldb-dap" | "codelldb";
  /** Machine-scoped: a workspace cannot name a program. */
  readonly lldbDapPath: string | undefined;
  /** What to do about variables, which Cranefly's programs do not show. */
  readonly variables: "ask" | "jit" | "cargo";
}

export function debugSettings(scope?: vscode.Uri): DebugSettings {
  const path = setting<string | null>("debug.lldbDapPath", null);
  return {
    adapter: setting<DebugSettings["adapter"]>("debug.adapter", "auto", scope),
    lldbDapPath: path === null || path === "" ? undefined : path,
    variables: setting<DebugSettings["variables"]>("debug.variables", "ask", scope),
  };
}

/** The source breakpoints that are on; lines count from 1. */
export function activeBreakpoints(): { file: string; line: number }[] {
  return vscode.debug.breakpoints.flatMap((breakpoint) => {
    if (!(breakpoint instanceof vscode.SourceBreakpoint) || !breakpoint.enabled) return [];
    const { uri, range } = breakpoint.location;
    return uri.scheme === "file" ? [{ file: uri.fsPath, line: range.start.line + 1 }] : [];
  });
}
