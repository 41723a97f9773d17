import { atMost, type Check, fail, unknown } from "../check.ts";

/** No order without its leaf. A slow copy holds back entries; a log that cannot be written, all. */
export const auditAvailableCheck: Check = {
  number: 5,
  name: "audit-available",
  code: "AUDIT_UNAVAILABLE",
  stage: "state",
  scope: "always",
  means: "The audit log can be written and its copy keeps up.",
  evaluate({ snapshot, policy, figures }) {
    const { audit } = snapshot.edge;
    if (audit === null) return unknown("The audit log");
    if (!audit.writable)
      return fail("The audit log cannot be written.", { source: "gateway.audit" });
    return atMost({
      what: "The audit copy's delay in seconds",
      observed: audit.lag_seconds,
      limit: figures.isEntry ? policy.state.max_audit_lag_seconds : null,
      source: "gateway.audit",
      as_of: snapshot.now,
    });
  },
};
