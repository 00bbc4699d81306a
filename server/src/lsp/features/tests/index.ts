/**
 * Tests: discovery, places, changes. Answers `cranefly/tests`, tells the client when an answer is no longer true, and lets
 * other features know what was found.
 */
import { type CancellationToken, Emitter, ErrorCodes, ResponseError } from "vscode-languageserver/node";
import {
  type TestHarness,
  type TestsChangedParams,
  TestRunRequest,
  type TestRunParams,
  TestsChangedNotification,
  type TestsParams,
  TestsRequest,
  type TestsResult,
} from "../../../../../shared/src/lsp.js";
import { Cancelled } from "../../../core/support/errors.js";
import type { Project, ServerContext } from "../../protocol/api.js";
import { TestRuns } from "./testRuns.js";
import { NoTests, ProjectTests, listingQueue } from "./testDiscovery.js";

/** What was found of each project. */
const found = new WeakMap<Project, ProjectTests>();

/** The tests of a project were found, maybe others than before. */
const foundEmitter = new Emitter<Project>();
export const onTestsFound = foundEmitter.event;

/** The harnesses of a project with their tests, as they were found last; empty before the client asked. Never builds. */
export function knownTests(project: Project): readonly TestHarness[] {
  return found.get(project)?.known?.harnesses ?? [];
}

export function register(context: ServerContext): void {
  const { connection, projects, log } = context;
  const queue = listingQueue();
  const all = new Set<ProjectTests>();
  const testsOf = (project: Project): ProjectTests => {
    let tests = found.get(project);
    if (tests === undefined) {
      tests = new ProjectTests(project, queue, log);
      found.set(project, tests);
      all.add(tests);
    }
    return tests;
  };

  connection.onRequest(
    TestsRequest,
    async (params: TestsParams, token: CancellationToken): Promise<TestsResult | ResponseError> => {
      const project = projects.get(params.project);
      if (project === undefined) {
        return new ResponseError(ErrorCodes.InvalidParams, `no project is open at ${params.project}`);
      }
      const controller = new AbortController();
      const subscription = token.onCancellationRequested(() => controller.abort());
      try {
        const result = await testsOf(project).find(controller.signal);
        foundEmitter.fire(project);
        return result;
      } catch (error) {
        if (error instanceof Cancelled) return new ResponseError(REQUEST_CANCELLED, "cancelled");
        if (error instanceof NoTests) return new ResponseError(REQUEST_FAILED, error.message);
        throw error;
      } finally {
        subscription.dispose();
      }
    },
  );

  const beside = new TestRuns(log);
  context.disposables.add(beside);
  connection.onRequest(TestRunRequest, async ({ project: uri, isRunning }: TestRunParams): Promise<null> => {
    const project = projects.get(uri);
    if (!isRunning) await beside.end(uri);
    else if (project !== undefined) await beside.begin(project);
    return null;
  });

  const onGeneration = projects.onGeneration(({ project, summary }) => {
    if (summary.selection === "test") void beside.built(project);
    const tests = found.get(project);
    if (tests === undefined) return;
    // Who waits for this very build gets the answer anyway.
    const isAwaited = summary.selection === "test" && tests.isAsking;
    if (isAwaited || !tests.isBehind(project.built("test"))) return;
    const changed: TestsChangedParams = { project: project.uri };
    void connection.sendNotification(TestsChangedNotification, changed);
  });
  context.disposables.add(onGeneration);
  context.disposables.add({
    dispose: () => {
      for (const tests of all) tests.dispose();
    },
  });
}

/** LSP's `RequestCancelled` and `RequestFailed`. */
const REQUEST_CANCELLED = -32800;
const REQUEST_FAILED = -32803;
