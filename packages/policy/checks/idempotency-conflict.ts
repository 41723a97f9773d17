import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const idempotencyConflictCheck: Check = {
  number: 54,
  name: "idempotency-conflict",
  code: "IDEMPOTENCY_CONFLICT",
  stage: "behaviour",
  scope: "always",
  means: "The idempotency key was not used for another request.",
  evaluate({ snapshot }) {
    if (snapshot.phase === "preview") return OFF;
    const { idempotency } = snapshot.edge;
    if (idempotency === null) return unknown("Earlier uses of the idempotency key");
    return idempotency.seen === "conflict"
      ? fail("The idempotency key was used for another request.", { source: "gateway.idempotency" })
      : pass({ observed: idempotency.seen, source: "gateway.idempotency" });
  },
};
