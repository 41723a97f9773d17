import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";

/** What each capability means to the owner, and whether the pairing page ticks it. */
export const CAPABILITY_WORDS: Record<
  Capability,
  { title: string; means: string; ticked: boolean }
> = {
  "broker.read": {
    title: "Read from the broker",
    means: "Positions, balances, quotes, orders. Nothing is changed.",
    ticked: true,
  },
  events: {
    title: "Report events",
    means: "The PC tells this gateway when the broker session or an order changes.",
    ticked: true,
  },
  chunks: {
    title: "Large answers",
    means: "Long lists travel in pieces.",
    ticked: true,
  },
  "orders.paper": {
    title: "Orders on a paper account",
    means: "No real money. Each order still follows your policy and approval.",
    ticked: false,
  },
  "orders.live": {
    title: "Orders on a live account",
    means: "Real money. It must be switched on at the PC as well.",
    ticked: false,
  },
};
