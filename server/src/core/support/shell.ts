/** The little of the shell's language that generated scripts need, and what shells do to an environment. */

/** A text as one word. */
export function shellQuote(text: string): string {
  return /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Names that a shell can have a variable of. dash drops others from the environment, such as CARGO_BIN_EXE_a-b. */
export function isShellName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}

/** The text of `/proc/<pid>/environ`, as name and value. */
export function parseEnvironment(text: string): [string, string][] {
  return text.split("\0").flatMap((variable): [string, string][] => {
    const equals = variable.indexOf("=", 1);
    return equals < 0 ? [] : [[variable.slice(0, equals), variable.slice(equals + 1)]];
  });
}
