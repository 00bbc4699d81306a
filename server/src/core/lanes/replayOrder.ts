/**
 * The order in which cargo says again what it said of units that have not changed: that of its job queue, in which whatever more units
 * wait for comes first, and of units that are equal in that the one that became ready last.
 */

export interface ReplayedUnit {
  readonly key: string;
  /** Keys of the units that it uses. */
  readonly uses: readonly string[];
}

/** The units' keys. Source: `job_queue` and `dependency_queue` of cargo. */
export function replayOrder(units: readonly ReplayedUnit[]): string[] {
  const known = new Set(units.map(({ key }) => key));
  const usersOf = new Map<string, string[]>(units.map(({ key }) => [key, []]));
  const missing = new Map<string, number>();
  for (const { key, uses } of units) {
    const used = new Set(uses.filter((other) => known.has(other)));
    missing.set(key, used.size);
    for (const other of used) usersOf.get(other)?.push(key);
  }
  const allUsers = transitive(usersOf);
  const priority = (key: string): number => allUsers.get(key)?.size ?? 0;
  const order: string[] = [];
  // The last one is the next.
  const pending: string[] = [];
  const add = (ready: readonly string[]): void => {
    for (const key of [...ready].sort((a, b) => priority(b) - priority(a))) {
      const at = pending.findIndex((other) => priority(other) > priority(key));
      pending.splice(at < 0 ? pending.length : at, 0, key);
    }
  };
  add(units.flatMap(({ key }) => (missing.get(key) === 0 ? [key] : [])));
  for (let key = pending.pop(); key !== undefined; key = pending.pop()) {
    order.push(key);
    const ready = (usersOf.get(key) ?? []).filter((user) => {
      const left = (missing.get(user) ?? 1) - 1;
      missing.set(user, left);
      return left === 0;
    });
    add(ready);
  }
  return order;
}

/** Everything that can be reached from each. */
function transitive(next: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, ReadonlySet<string>> {
  const all = new Map<string, Set<string>>();
  const reach = (key: string): Set<string> => {
    const known = all.get(key);
    if (known !== undefined) return known;
    const reached = new Set<string>();
    all.set(key, reached);
    for (const other of next.get(key) ?? []) {
      reached.add(other);
      for (const far of reach(other)) reached.add(far);
    }
    return reached;
  };
  for (const key of next.keys()) reach(key);
  return all;
}
