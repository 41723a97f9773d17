import { AsyncLocalStorage } from "node:async_hooks";

/**
 * The trace of the request that something is done for: its id goes from the caller through the
 * gateway's log and the relay's frame to every line that this PC logs on its behalf.
 */
const traces = new AsyncLocalStorage<string>();
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-/;

/** Does something under the trace of a W3C traceparent; under none where there is no such. */
export function underTrace<Result>(traceparent: string | undefined, work: () => Result): Result {
  const [, id] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  return id === undefined ? work() : traces.run(id, work);
}

/** What a line of the log says of its trace; nothing outside of any. */
export function traceFacts(): { trace_id?: string } {
  const id = traces.getStore();
  return id === undefined ? {} : { trace_id: id };
}
