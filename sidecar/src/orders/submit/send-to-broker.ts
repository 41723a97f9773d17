import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { BrokerExchange } from "@ibkr-edge-gateway/protocol/orders/classify-answer.ts";
import type { BrokerLogger } from "../../client-portal/logger.ts";
import { API } from "../../client-portal/paced-wire.ts";
import type { Pacer } from "../../client-portal/pacing/pacer.ts";
import type { Priority } from "../../client-portal/pacing/priority.ts";
import { type Transport, TransportError } from "../../client-portal/transport.ts";
import { ORDER_LIMITS } from "../limits.ts";
import type { LeavingRequest, OwnBook } from "../own-book/own-book.ts";

/**
 * The only place from which an order leaves. A connection of its own for every request, no retry,
 * and one last look between the standing connection and the first byte: the caller's `lastLook`
 * journals and throws when the order must not go. What comes back is the raw exchange; whether it
 * proves anything is for `classifyAnswer` to say.
 */
export interface OrderRequest {
  method: "POST" | "DELETE";
  path: string;
  query?: Readonly<Record<string, string>>;
  body?: unknown;
  priority: Priority;
  maxWaitMs: number;
  lastLook: () => void;
  /** Which order it is about; its intent's hash where the request is what the approval is for. */
  about?: LeavingRequest["about"];
}

export type SendOrder = (request: OrderRequest) => Promise<BrokerExchange>;

export function createSendOrder(options: {
  transport: Pick<Transport, "send">;
  pacer: Pick<Pacer, "acquire" | "penalize">;
  onRateLimited(): void;
  onUnauthorized(): void;
  /** The PC's own book; what leaves is stated there before its first byte. */
  ownBook?: Pick<OwnBook, "leaving">;
  logger?: Pick<BrokerLogger, "error">;
}): SendOrder {
  const { transport, pacer, ownBook, logger } = options;
  return async ({ path, priority, maxWaitMs, lastLook, about = null, ...request }) => {
    let release: () => void;
    try {
      release = await pacer.acquire({ pace: "any", priority, maxWaitMs });
    } catch (thrown) {
      if (!(thrown instanceof GatewayError)) throw thrown;
      return { kind: "no_answer", sent: false, cause: thrown.failure.message };
    }
    try {
      const answer = await transport.send({
        ...request,
        path: `${API}${path}`,
        timeoutMs: ORDER_LIMITS.requestTimeoutMs,
        fresh: true,
        beforeSend: () => {
          lastLook();
          const body = request.body === undefined ? null : JSON.stringify(request.body);
          try {
            ownBook?.leaving({ method: request.method, path, body, about });
          } catch (thrown) {
            // What opens a position waits for a book that can be written; what ends one does not.
            if (priority === "entry") throw thrown;
            logger?.error({ err: thrown }, "what left for the broker could not be stated");
          }
        },
      });
      if (answer.status === 429) {
        pacer.penalize();
        options.onRateLimited();
      }
      if (answer.status === 401) options.onUnauthorized();
      return { kind: "answer", status: answer.status, body: answer.text };
    } catch (thrown) {
      if (!(thrown instanceof TransportError)) throw thrown;
      return { kind: "no_answer", sent: thrown.maybeSent, cause: thrown.fault };
    } finally {
      release();
    }
  };
}
