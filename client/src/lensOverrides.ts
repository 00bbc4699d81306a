/** Which of rust-analyzer's lenses give way to ours. Pure. */

/** The overrides that `settings` ask for: a lens of ours takes the place of the one of rust-analyzer's that does the same. */
export function lensOverrides(settings: {
  readonly replace: boolean;
  readonly run: boolean;
  readonly debug: boolean;
}): Record<string, boolean> {
  return {
    ...(settings.replace && settings.run ? { "lens.run.enable": false } : {}),
    ...(settings.replace && settings.debug ? { "lens.debug.enable": false } : {}),
  };
}
