import { type Check, fail, pass, unknown } from "../check.ts";

export const clientAllowedCheck: Check = {
  number: 10,
  name: "client-allowed",
  code: "CLIENT_NOT_ALLOWED",
  stage: "identity",
  scope: "always",
  means: "The owner lets this agent trade in this account.",
  evaluate({ snapshot, policy, figures }) {
    const { client } = snapshot.edge;
    if (client === null) return unknown("The agent");
    if (client.is_owner === true) return pass({ source: "owner" });
    const { allowed } = policy.clients;
    if (allowed !== null && !allowed.includes(client.client_id)) {
      return fail("The account's policy does not name this agent.", { source: "policy" });
    }
    if (client.accounts !== null && !client.accounts.includes(figures.order.account_id)) {
      return fail("The agent's grant does not cover this account.", { source: "grant" });
    }
    return pass({ source: "grant" });
  },
};
