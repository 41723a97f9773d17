import { type Check, fail, OFF, pass } from "../check.ts";

/** A ban on a person, not a limit on risk: an entry of it may also hold for exits. */
export const restrictedListCheck: Check = {
  number: 22,
  name: "restricted-list",
  code: "RESTRICTED_LIST",
  stage: "instrument",
  scope: "orders",
  means: "The contract is not on the owner's restricted list today.",
  evaluate({ policy, figures }) {
    const { restricted } = policy.instruments;
    if (restricted.length === 0) return OFF;
    const found = restricted.find(
      (entry) =>
        figures.order.legs.some((leg) => leg.contract.conid === entry.conid) &&
        (entry.blocks === "all" || figures.isEntry) &&
        (entry.from === null || figures.nowMs >= Date.parse(entry.from)) &&
        (entry.until === null || figures.nowMs < Date.parse(entry.until)),
    );
    return found === undefined
      ? pass({ source: "policy" })
      : fail("The contract is on the owner's restricted list.", {
          observed: String(found.conid),
          limit: found.until,
          source: "policy",
        });
  },
};
