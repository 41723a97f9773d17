import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { JsonValue } from "@ibkr-edge-gateway/protocol/json.ts";
import { isOperationName } from "@ibkr-edge-gateway/protocol/operation-schemas/registry.ts";
import { serviceOf } from "@ibkr-edge-gateway/protocol/service-class.ts";
import type { Clock } from "../client-portal/clock.ts";
import type { BrokerLogger } from "../client-portal/logger.ts";
import type { Priority } from "../client-portal/pacing/priority.ts";
import { SERVED } from "../operation-handlers/broker-operations.ts";
import type { OperationRequest } from "../operation-handlers/executor-interface.ts";
import type { OperationContext } from "../operation-handlers/operation-context.ts";
import type { OrderSide } from "../orders/order-side.ts";

/** How urgent the questions of one operation are, and for which client they are asked. */
export interface Asking {
  readonly priority: Priority;
  readonly share?: string | undefined;
}

export interface ExecuteParts {
  clock: Clock;
  logger: BrokerLogger;
  /** Null where there is no order side; then no order operation is served. */
  orders: Pick<OrderSide, "operations"> | null;
  context(signal: AbortSignal, deadlineAt: number, asking: Asking): OperationContext;
}

/**
 * Answers one operation within its time. An order's road begins here: `order.place` is served by
 * `orders/order-operations.ts`.
 * @throws GatewayError when it is not served or fails.
 */
export async function executeOperation(
  { clock, logger, orders, context }: ExecuteParts,
  request: OperationRequest,
): Promise<JsonValue> {
  const execute = handlerOf(orders, request);
  const { service } = request;
  const end = new AbortController();
  const cancel = clock.after(request.deadlineMs, () => end.abort());
  const signal = AbortSignal.any([end.signal, request.signal]);
  try {
    const asking = {
      priority: serviceOf(request.operation, service?.class),
      share: service?.share,
    };
    return await execute(context(signal, clock.now() + request.deadlineMs, asking));
  } catch (error) {
    const { operation } = request;
    if (error instanceof GatewayError) {
      logger.debug(
        { operation, code: error.failure.code, detail: error.detail },
        "operation failed",
      );
    } else {
      logger.error({ operation, err: error }, "operation failed unexpectedly");
    }
    throw error;
  } finally {
    cancel();
  }
}

function handlerOf(
  orders: ExecuteParts["orders"],
  request: OperationRequest,
): (context: OperationContext) => Promise<JsonValue> {
  const { operation, input } = request;
  if (!isOperationName(operation)) {
    throw new GatewayError(failure("INPUT_INVALID", "This sidecar knows no such operation."));
  }
  const { operations } = orders ?? {};
  const ordering = operations !== undefined && Object.hasOwn(operations, operation);
  const served = ordering ? operations[operation]?.(request) : SERVED[operation];
  if (served !== undefined) return (context) => served.execute(context, input);
  throw new GatewayError(
    failure("BROKER_CAPABILITY_UNAVAILABLE", "This sidecar does not answer that yet."),
  );
}
