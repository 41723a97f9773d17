import type { Simulator } from "../simulator.ts";
import { subscribeLedger, subscribePnl, subscribeSummary } from "./account-streams.ts";
import { endStream, type SocketConnection } from "./connection.ts";
import { subscribeHistory, subscribeLadder, subscribeMarketData } from "./market-data.ts";
import { subscribeOrders, subscribeTrades } from "./orders.ts";
import type { Subscription } from "./subscription.ts";

interface Topic {
  brokerage: boolean;
  subscribe(sim: Simulator, connection: SocketConnection, wanted: Subscription): void;
  /** Which stream an unsubscription ends, and what it answers; most say nothing. */
  unsubscribe(connection: SocketConnection, wanted: Subscription): void;
}

const byTarget =
  (prefix: string, result?: string) =>
  (connection: SocketConnection, wanted: Subscription): void => {
    endStream(connection, wanted.target === "" ? prefix : `${prefix}+${wanted.target}`);
    if (result !== undefined) connection.send({ result });
  };

/** By the two letters after `s` or `u`. */
const TOPICS: Record<string, Topic> = {
  md: { brokerage: true, subscribe: subscribeMarketData, unsubscribe: byTarget("smd") },
  mh: { brokerage: true, subscribe: subscribeHistory, unsubscribe: byTarget("smh") },
  bd: { brokerage: true, subscribe: subscribeLadder, unsubscribe: byTarget("sbd") },
  or: { brokerage: true, subscribe: subscribeOrders, unsubscribe: byTarget("sor") },
  tr: { brokerage: true, subscribe: subscribeTrades, unsubscribe: byTarget("str") },
  pl: { brokerage: false, subscribe: subscribePnl, unsubscribe: byTarget("spl") },
  sd: {
    brokerage: false,
    subscribe: subscribeSummary,
    unsubscribe: byTarget("ssd", "unsubscribed from summary"),
  },
  ld: {
    brokerage: false,
    subscribe: subscribeLedger,
    unsubscribe: byTarget("sld", "unsubscribed from ledger"),
  },
};

/** Does what a frame asks. What is not known is passed over in silence, as it is by the broker. */
export function handleTopic(
  sim: Simulator,
  connection: SocketConnection,
  wanted: Subscription,
): void {
  const topic = TOPICS[wanted.topic.slice(1)];
  if (topic === undefined) return;
  if (wanted.topic.startsWith("u")) {
    topic.unsubscribe(connection, wanted);
    return;
  }
  if (topic.brokerage && sim.world.brokerage.phase !== "authenticated") {
    connection.send({ error: "not authenticated", topic: wanted.topic });
    return;
  }
  topic.subscribe(sim, connection, wanted);
}

/** The streams that end with the brokerage session. */
export function endBrokerageStreams(connection: SocketConnection): void {
  for (const key of [...connection.streams.keys()]) {
    if (TOPICS[key.slice(1, 3)]?.brokerage === true) endStream(connection, key);
  }
}
