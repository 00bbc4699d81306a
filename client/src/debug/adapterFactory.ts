/** Serves debug sessions of type `cranefly` with the user's lldb-dap. */
import * as vscode from "vscode";
import type { Context } from "../context.js";
import { programEnvironment } from "../programEnvironment.js";
import { type AdapterOptions, AdapterProcess } from "./adapterProcess.js";
import { INSTALL_HINT, findAdapter } from "./adapters.js";
import type { DapMessage } from "./dapMessages.js";
import { debugSettings } from "./settings.js";

export class AdapterFactory implements vscode.DebugAdapterDescriptorFactory {
  constructor(private readonly context: Context) {}

  createDebugAdapterDescriptor(session: vscode.DebugSession): vscode.DebugAdapterDescriptor {
    const { lldbDapPath } = debugSettings(session.workspaceFolder?.uri);
    const program = findAdapter(lldbDapPath, process.env["PATH"] ?? "");
    if (program === undefined) throw new Error(noAdapter(lldbDapPath));
    const removed: unknown = session.configuration["removedEnvironment"];
    const env = programEnvironment(process.env);
    if (Array.isArray(removed)) for (const name of removed) Reflect.deleteProperty(env, String(name));
    const hasSlots = session.configuration["hasSlots"] === true;
    this.context.log.info(`debugging ${session.name} with ${program}`);
    return new vscode.DebugAdapterInlineImplementation(
      inlineAdapter(program, { cwd: undefined, env, hasSlots }, this.context),
    );
  }
}

/** Why nothing can be debugged, and what to do. */
export function noAdapter(configured: string | undefined): string {
  return configured === undefined
    ? `No debug adapter was found: ${INSTALL_HINT}.`
    : `There is no program at ${configured}, which the setting cranefly.debug.lldbDapPath names.`;
}

/** The adapter's process as VS Code wants it. */
function inlineAdapter(program: string, options: AdapterOptions, context: Context): vscode.DebugAdapter {
  const sent = new vscode.EventEmitter<vscode.DebugProtocolMessage>();
  const events = {
    onMessage: (message: DapMessage) => sent.fire(message),
    onLog: (text: string) => context.log.warn(text),
  };
  const adapter = new AdapterProcess(program, options, events);
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- VS Code calls `dispose`, no more
  return {
    onDidSendMessage: sent.event,
    handleMessage: (message) => adapter.send(message as DapMessage),
    dispose: () => {
      adapter.dispose();
      sent.dispose();
    },
  };
}
