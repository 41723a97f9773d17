const TRACEPARENT = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The trace context (W3C traceparent) under which a request's jobs go to the PC, whose log bears it: the
 * caller's own where it sent one, else the request's id as a trace id. Undefined for work that no
 * request asked for.
 */
export function traceparentOf(requestId: string, callers?: string): string | undefined {
  if (callers !== undefined && TRACEPARENT.test(callers)) return callers;
  if (!UUID.test(requestId)) return undefined;
  const traceId = requestId.replaceAll("-", "");
  return `00-${traceId}-${traceId.slice(16)}-01`;
}
