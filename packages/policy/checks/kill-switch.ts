import { type Check, fail, pass, unknown } from "../check.ts";
import { killBlocks } from "../kill-table.ts";

export const killSwitchCheck: Check = {
  number: 1,
  name: "kill-switch",
  code: "KILL_SWITCH_CLOSED",
  stage: "state",
  scope: "always",
  means: "No engaged kill switch blocks this request.",
  evaluate({ snapshot, figures }) {
    if (!killBlocks(figures.order.action, snapshot.facts.effect?.kind ?? null)) return pass();
    const { kill } = snapshot.edge;
    if (kill === null) return unknown("The kill switch");
    const [engaged] = kill;
    if (engaged === undefined) return pass({ source: "gateway.kill_switch" });
    return fail(
      `The kill switch is engaged for the ${engaged.scope.replace("_", " ")}; only cancels and orders that reduce a position pass.`,
      { observed: engaged.scope, source: "gateway.kill_switch", as_of: engaged.since },
    );
  },
};
