/** Offsets in a JavaScript string (UTF-16 units) and in the file (UTF-8 bytes). */

/**
 * A function from UTF-16 offsets to byte offsets. It is fast for offsets that grow from call to call, and does nothing for
 * plain ASCII.
 */
export function byteOffsets(text: string): (offset: number) => number {
  if (Buffer.byteLength(text, "utf8") === text.length) return (offset) => offset;
  let knownOffset = 0;
  let knownBytes = 0;
  return (offset) => {
    if (offset < knownOffset) {
      knownOffset = 0;
      knownBytes = 0;
    }
    knownBytes += Buffer.byteLength(text.slice(knownOffset, offset), "utf8");
    knownOffset = offset;
    return knownBytes;
  };
}
