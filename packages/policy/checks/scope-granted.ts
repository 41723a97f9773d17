import { type Check, fail, pass, unknown } from "../check.ts";

const VERB = { place: "submit", modify: "modify", cancel: "cancel" } as const;

export const scopeGrantedCheck: Check = {
  number: 9,
  name: "scope-granted",
  code: "AUTH_MISSING_SCOPE",
  stage: "identity",
  scope: "always",
  means: "The agent's grant holds the scope.",
  evaluate({ snapshot, figures }) {
    const { client } = snapshot.edge;
    if (client === null) return unknown("The agent");
    const { mode, action } = figures.order;
    const needed =
      snapshot.phase === "preview" ? "ibkr:orders:preview" : `ibkr:orders:${mode}:${VERB[action]}`;
    return client.scopes.includes(needed)
      ? pass({ observed: needed, source: "grant" })
      : fail(`The agent's grant lacks ${needed}.`, { limit: needed, source: "grant" });
  },
};
