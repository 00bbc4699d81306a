/** Splitting the names of tests over command lines: the kernel limits one argument and all of them together. */

/** Linux allows at least 2 MiB for arguments and environment (a quarter of the stack's usual 8 MiB); this leaves room. */
const MOST_BYTES = 1024 * 1024;

/**
 * The arguments of libtest for running just `names`, for one process each; a single process without a filter when these
 * are `all` that the harness has, in number.
 */
export function testArguments(names: readonly string[], all: number, mostBytes = MOST_BYTES): string[][] {
  if (names.length >= all) return [[]];
  const batches: string[][] = [];
  let batch: string[] = [];
  let bytes = 0;
  for (const name of names) {
    // With its final zero and the pointer to it.
    const size = Buffer.byteLength(name) + 9;
    if (batch.length > 0 && bytes + size > mostBytes) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(name);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches.map((part) => ["--exact", ...part]);
}
