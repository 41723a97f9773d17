/**
 * Which refusals a connection was given as an OAuth challenge a moment ago. A host that steps up
 * comes back with another grant; one that comes back with the same grant does not, and its user is
 * better served by an answer that can be read. Kept in memory: forgotten, it is one challenge more.
 */
export interface StepUps {
  /** Notes a challenge; true when the same one was given within the last minutes. */
  challenged(connection: string, scope: string): boolean;
}

const REMEMBERED_MS = 10 * 60_000;
const REMEMBERED_MAX = 500;

export function stepUps(now: () => number): StepUps {
  const given = new Map<string, number>();
  return {
    challenged(connection, scope) {
      const key = `${connection} ${scope}`;
      const at = given.get(key);
      const again = at !== undefined && now() - at < REMEMBERED_MS;
      given.delete(key);
      given.set(key, now());
      for (const [oldest] of given) {
        if (given.size <= REMEMBERED_MAX) break;
        given.delete(oldest);
      }
      return again;
    },
  };
}
