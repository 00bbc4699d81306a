/** Which project a file belongs to. Pure, over the URIs that the server gives. */
import type { ProjectStatus } from "../../shared/src/lsp.js";

/** The innermost project whose root folder holds `uri`, or that is `uri` itself (a single file). */
export function projectOf(projects: readonly ProjectStatus[], uri: string): ProjectStatus | undefined {
  return projects
    .filter(({ project }) => uri === project || uri.startsWith(withSlash(project)))
    .reduce<ProjectStatus | undefined>(
      (best, project) => (best === undefined || project.project.length > best.project.length ? project : best),
      undefined,
    );
}

/**
 * The project to show and to act on: the one of `uri`; else, with no file or one that belongs to none, the one that was
 * chosen last, then the one that was built last, then the first.
 */
export function projectToShow(
  projects: readonly ProjectStatus[],
  uri: string | undefined,
  last: string | undefined,
): ProjectStatus | undefined {
  const own = uri === undefined ? undefined : projectOf(projects, uri);
  return own ?? projects.find(({ project }) => project === last) ?? newest(projects);
}

function newest(projects: readonly ProjectStatus[]): ProjectStatus | undefined {
  const builtAt = (project: ProjectStatus) => project.history[0]?.at ?? 0;
  return projects.reduce<ProjectStatus | undefined>(
    (best, project) => (best === undefined || builtAt(project) > builtAt(best) ? project : best),
    undefined,
  );
}

function withSlash(uri: string): string {
  return uri.endsWith("/") ? uri : `${uri}/`;
}
