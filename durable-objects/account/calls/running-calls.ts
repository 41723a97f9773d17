/**
 * The agents' calls that are under way, so that a caller who goes away ends what was only asked for
 * them. It is kept in memory: an object that restarts has none under way.
 */
export interface RunningCall {
  readonly clientId: string;
  /** The OAuth grant; null for a token of another issuer. */
  readonly grantId: string | null;
  readonly requestId: string;
  /** The caller's own JSON-RPC id, as JSON; absent from a Worker of the version before. */
  readonly rpcId?: string | undefined;
}

export interface RunningCalls {
  /** Notes a call for as long as it runs. `signal` is aborted when its caller goes away. */
  begin(call: RunningCall): { readonly signal: AbortSignal; end(): void };
  /** The connection of a request was closed. */
  left(clientId: string, requestId: string): void;
  /**
   * The caller took back the request with this JSON-RPC id. Ids belong to a connection, of which one
   * grant can have several: where two calls bear it, nobody can tell which is meant, and both go on.
   */
  takenBack(clientId: string, grantId: string | null, rpcId: string): void;
}

export function runningCalls(): RunningCalls {
  const running = new Map<RunningCall, AbortController>();
  const abort = (which: (call: RunningCall) => boolean, only: boolean): void => {
    const found = [...running].filter(([call]) => which(call));
    if (only && found.length !== 1) return;
    for (const [, controller] of found) controller.abort();
  };
  return {
    begin(call) {
      const controller = new AbortController();
      running.set(call, controller);
      return { signal: controller.signal, end: () => void running.delete(call) };
    },
    left: (clientId, requestId) =>
      abort((call) => call.clientId === clientId && call.requestId === requestId, false),
    takenBack: (clientId, grantId, rpcId) =>
      abort(
        (call) => call.clientId === clientId && call.grantId === grantId && call.rpcId === rpcId,
        true,
      ),
  };
}
