/** Whether a text may hold an attribute `#[link(…)]` at all: hardly any does, so hardly any is parsed for it. */
export function mayHaveLinkAttributes(text: string): boolean {
  return /\blink\s*\(/.test(text);
}
