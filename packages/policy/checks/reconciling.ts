import { type Check, fail, pass, unknown } from "../check.ts";

/** While nobody knows whether an order stands, another beside it could be the second. */
export const reconcilingCheck: Check = {
  number: 4,
  name: "reconciling",
  code: "ORDER_RECONCILING",
  stage: "state",
  scope: "entries",
  means: "Nothing is being reconciled that this order could double.",
  evaluate({ snapshot, figures }) {
    const { stream_reconciling, intents_in_doubt } = snapshot.edge;
    if (stream_reconciling === null) return unknown("Whether orders are being reconciled");
    if (intents_in_doubt === null) return unknown("Which orders are in doubt");
    if (stream_reconciling) {
      return fail("Orders and positions are being read again after a reconnect.", {
        source: "gateway.reconciler",
      });
    }
    const beside = intents_in_doubt.filter((intent) =>
      figures.order.legs.some(
        (leg) => leg.contract.conid === intent.conid && leg.side === intent.side,
      ),
    );
    const measured = { observed: String(beside.length), limit: "0", source: "gateway.intents" };
    return beside.length === 0
      ? pass(measured)
      : fail(
          "The outcome of an earlier order on this contract and side is not proved yet.",
          measured,
        );
  },
};
