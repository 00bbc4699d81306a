import * as vscode from "vscode";
import type { Context } from "../context.js";
import { AdapterFactory } from "./adapterFactory.js";
import { Debugger } from "./debugger.js";
import { ConfigurationProvider } from "./provider.js";
import { DEBUG_TYPE, Sessions } from "./sessions.js";

/** Adds the debug type and what starts debug sessions. */
export function registerDebug(context: Context): void {
  const sessions = context.own(new Sessions());
  const debug = new Debugger(context, sessions);
  context.features.debugging = debug;
  context.own(vscode.debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, new AdapterFactory(context)));
  context.own(vscode.debug.registerDebugConfigurationProvider(DEBUG_TYPE, new ConfigurationProvider(context, debug)));
}
