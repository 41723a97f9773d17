/** One request as it came and what became of it; for assertions such as "no order was sent twice". */
export interface LogEntry {
  n: number;
  /** Simulator time. */
  at: number;
  /** Wall time of arrival, ms since the server started. */
  wallMs: number;
  tookMs: number;
  method: string;
  /** Below the base. */
  path: string;
  query: string;
  body: string;
  userAgent: string;
  contentLength: string | null;
  /** Which TCP connection, and the how-manieth request on it: shows a reused socket. */
  connection: number;
  onConnection: number;
  status: number;
  /** Whether a route ran, whatever the caller was told. */
  applied: boolean;
  /** Ids of the faults that touched it. */
  faults: string[];
  /** How the answer left: whole, or how it was broken. */
  outcome: "answered" | "reset" | "dropped" | "pending";
}

export interface RequestLog {
  add(entry: Omit<LogEntry, "n">): LogEntry;
  all(): readonly LogEntry[];
  clear(): void;
}

const MOST_ENTRIES = 50_000;

/**
 * Every request that came, oldest first, each with a number; the oldest go when there are too many.
 */
export function createRequestLog(): RequestLog {
  const entries: LogEntry[] = [];
  let next = 1;
  return {
    add: (entry) => {
      const numbered = { n: next++, ...entry };
      entries.push(numbered);
      if (entries.length > MOST_ENTRIES) entries.shift();
      return numbered;
    },
    all: () => entries,
    clear: () => {
      entries.length = 0;
    },
  };
}
