/**
 * For work that nobody waits for: whoever set it off goes on without it, and what failed is in the
 * log under `event`. The alarm, or the next occasion, makes good what was missed.
 */
export function logAbandoned(event: string): (error: unknown) => void {
  return (error) => {
    const detail = error instanceof Error ? `${error.name}: ${error.message}` : "unknown";
    console.warn(JSON.stringify({ level: "warn", event: `${event}_failed`, detail }));
  };
}
