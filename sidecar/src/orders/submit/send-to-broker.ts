import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { BrokerExchange } from "@ibkr-edge-gateway/protocol/orders/classify-answer.ts";
import { API } from "../../client-portal/paced-wire.ts";
import type { Pacer } from "../../client-portal/pacing/pacer.ts";
import type { Priority } from "../../client-portal/pacing/priority.ts";
import { type Transport, TransportError } from "../../client-portal/transport.ts";
import { ORDER_LIMITS } from "../limits.ts";

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
}

export type SendOrder = (request: OrderRequest) => Promise<BrokerExchange>;

export function createSendOrder(options: {
  transport: Pick<Transport, "send">;
  pacer: Pick<Pacer, "acquire" | "penalize">;
  onRateLimited(): void;
  onUnauthorized(): void;
}): SendOrder {
  const { transport, pacer } = options;
  return async ({ path, priority, maxWaitMs, lastLook, ...request }) => {
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
        beforeSend: lastLook,
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
