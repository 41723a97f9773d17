import { type Check, fail, pass, unknown } from "../check.ts";

export const sessionReadyCheck: Check = {
  number: 3,
  name: "session-ready",
  code: "BROKER_SESSION_REQUIRED",
  stage: "state",
  scope: "always",
  means: "The broker session is ready.",
  evaluate({ snapshot, figures }) {
    const { session } = snapshot.edge;
    if (session === null) return unknown("The broker session");
    const measured = { observed: session.state, source: "sidecar.session", as_of: session.at };
    if (session.state === "ready") return pass(measured);
    if (session.state === "degraded" && !figures.isEntry) return pass(measured);
    return fail(`The broker session is ${session.state.replaceAll("_", " ")}.`, measured);
  },
};
