import { dec, decimalText } from "@ibkr-edge-gateway/protocol/orders/decimal.ts";
import { atMost, type Check, OFF, unknown } from "../check.ts";
import { median } from "../median.ts";

export const fatFingerNotionalCheck: Check = {
  number: 30,
  name: "fat-finger-notional",
  code: "FAT_FINGER_NOTIONAL",
  stage: "data",
  scope: "entries",
  means: "The order's value is not many times what is usual here.",
  evaluate({ snapshot, policy, figures }) {
    const times = policy.data.fat_finger_notional_times;
    if (times === null) return OFF;
    const { history } = snapshot.edge;
    if (history === null) return unknown("This account's earlier orders");
    if (history.notionals.length < policy.data.fat_finger_least_orders) return OFF;
    const usual = median(history.notionals);
    if (usual === null) return OFF;
    return atMost({
      what: "The order's value, against the usual one,",
      observed: figures.notional,
      limit: decimalText(usual.times(dec(times)).toDecimalPlaces(8)),
      source: "gateway.intents",
      as_of: snapshot.now,
    });
  },
};
