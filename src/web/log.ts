/**
 * Structured logs: one JSON object a line. Callers pass codes, ids and numbers; never a token, a
 * cookie, a header, a query string, a form field or a broker account id.
 */
export type LogLevel = "info" | "warn" | "error";

export type LogFields = Record<string, string | number | boolean | null>;

/** Writes one line. `event` is a stable name such as `http.request` or `oauth.error`. */
export function log(level: LogLevel, event: string, fields: LogFields = {}): void {
  console[level](JSON.stringify({ level, event, ...fields }));
}
