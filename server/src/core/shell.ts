/** The little of the shell's language that generated scripts need. */

/** A text as one word. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
