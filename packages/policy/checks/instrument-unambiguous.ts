import { type Check, fail, pass } from "../check.ts";

export const instrumentUnambiguousCheck: Check = {
  number: 21,
  name: "instrument-unambiguous",
  code: "INPUT_AMBIGUOUS_CONTRACT",
  stage: "instrument",
  scope: "orders",
  means: "Every leg names one contract by its conid, and a derivative says which.",
  evaluate({ figures }) {
    for (const { contract } of figures.order.legs) {
      const dated = contract.asset_class === "STK" || contract.expiry !== null;
      const struck =
        contract.asset_class !== "OPT" || (contract.strike !== null && contract.right !== null);
      if (!dated || !struck) {
        return fail("A derivative must have its expiry, and an option its strike and right.", {
          observed: String(contract.conid),
          source: "sidecar.contracts",
        });
      }
    }
    return pass({ observed: String(figures.leg.contract.conid), source: "sidecar.contracts" });
  },
};
