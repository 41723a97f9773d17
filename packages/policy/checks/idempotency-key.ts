import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const idempotencyKeyCheck: Check = {
  number: 54,
  name: "idempotency-key",
  code: "IDEMPOTENCY_KEY_MISSING",
  stage: "behaviour",
  scope: "always",
  means: "The request carries an idempotency key.",
  evaluate({ snapshot }) {
    if (snapshot.phase === "preview") return OFF;
    const { idempotency } = snapshot.edge;
    if (idempotency === null) return unknown("The idempotency key");
    return idempotency.key === null || idempotency.key === ""
      ? fail("The request has no idempotency key.", { source: "request" })
      : pass({ source: "request" });
  },
};
