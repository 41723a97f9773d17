import { type Check, fail, pass } from "../check.ts";

/** The broker's own proof, never a label: unproved is refused like a mismatch. */
export const accountModeCheck: Check = {
  number: 12,
  name: "account-mode",
  code: "ORDER_ACCOUNT_MODE_REFUSED",
  stage: "identity",
  scope: "always",
  means: "The broker proves the account's mode, and ticket and policy agree with it.",
  evaluate({ snapshot, policy, figures }) {
    const { proved_mode } = snapshot.edge;
    const measured = { observed: proved_mode, limit: policy.mode, source: "sidecar.session" };
    if (proved_mode === "unknown") {
      return fail("The broker has not proved whether this is a paper or a live account.", measured);
    }
    return proved_mode === policy.mode && figures.order.mode === proved_mode
      ? pass(measured)
      : fail(`The broker says ${proved_mode}; the order is for ${figures.order.mode}.`, measured);
  },
};
