import { dec, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF, unknown } from "../check.ts";
import { median } from "../median.ts";

export const fatFingerQuantityCheck: Check = {
  number: 30,
  name: "fat-finger-quantity",
  code: "FAT_FINGER_QTY",
  stage: "data",
  scope: "entries",
  means: "The quantity is not many times what is usual here.",
  evaluate({ snapshot, policy, figures }) {
    const times = policy.data.fat_finger_quantity_times;
    if (times === null) return OFF;
    const { history } = snapshot.edge;
    if (history === null) return unknown("This account's earlier orders");
    if (history.quantities.length < policy.data.fat_finger_least_orders) return OFF;
    const usual = median(history.quantities);
    if (usual === null || figures.quantity === null) return OFF;
    return atMost({
      what: "The quantity, against the usual one,",
      observed: figures.quantity,
      limit: decimalText(usual.times(dec(times))),
      source: "gateway.intents",
      as_of: snapshot.now,
    });
  },
};
