import { type Check, fail, pass, unknown } from "../check.ts";

export const notHaltedCheck: Check = {
  number: 24,
  name: "not-halted",
  code: "INSTRUMENT_HALTED",
  stage: "instrument",
  scope: "entries",
  means: "Trading in the contract is not halted.",
  evaluate({ figures }) {
    const halted = figures.market?.halted ?? null;
    const measured = { source: "sidecar.quote", as_of: figures.market?.at ?? null };
    if (halted === null) return unknown("Whether trading is halted", measured);
    return halted ? fail("Trading in the contract is halted.", measured) : pass(measured);
  },
};
