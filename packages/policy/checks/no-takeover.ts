import { type Check, fail, pass, unknown } from "../check.ts";

export const noTakeoverCheck: Check = {
  number: 3,
  name: "no-takeover",
  code: "BROKER_TAKEOVER_REQUIRED",
  stage: "state",
  scope: "always",
  means: "No other program holds the broker session.",
  evaluate({ snapshot }) {
    const { session } = snapshot.edge;
    if (session === null) return unknown("The broker session");
    const measured = { observed: session.state, source: "sidecar.session", as_of: session.at };
    return session.state === "takeover_required"
      ? fail("Another program holds the broker session.", measured)
      : pass(measured);
  },
};
