import { type Check, fail, OFF, pass, unknown } from "../check.ts";

export const issuerAllowedCheck: Check = {
  number: 22,
  name: "issuer-allowed",
  code: "ISSUER_DENIED",
  stage: "instrument",
  scope: "entries",
  means: "The issuer is not one the policy forbids.",
  evaluate({ snapshot, policy }) {
    const denied = policy.instruments.issuers_denied;
    if (denied.length === 0) return OFF;
    const issuer = snapshot.facts.instrument?.issuer ?? null;
    if (issuer === null) return unknown("The contract's issuer");
    const measured = { observed: issuer, source: "sidecar.contracts" };
    return denied.some((name) => name.toLowerCase() === issuer.toLowerCase())
      ? fail("The policy forbids this issuer.", measured)
      : pass(measured);
  },
};
