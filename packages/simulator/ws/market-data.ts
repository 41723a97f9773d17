import type { WireJson } from "../json.ts";
import { availability, fieldValue } from "../market/market-data-fields.ts";
import { historyAnswer, historyWanted } from "../routes/history.ts";
import { serverId } from "../routes/marketdata.ts";
import type { Simulator } from "../simulator.ts";
import { endStream, type SocketConnection, startStream } from "./connection.ts";
import type { Subscription } from "./subscription.ts";

/** The topics of the market: quotes that change, bars, the ladder. */

const CONFLATION_MS = 500;
const DEFAULT_FIELDS = ["31", "84", "86"];
const LADDER_MS = 1_000;
const LADDER_ROWS = 5;

function strings(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : undefined;
}

function text(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

/** `smd`: everything once, then what changed; ends after a while without a word. */
export function subscribeMarketData(
  sim: Simulator,
  connection: SocketConnection,
  wanted: Subscription,
): void {
  const conidex = wanted.target;
  const conid = Number(conidex.split("@")[0]);
  const instrument = sim.market.find(conid);
  if (instrument === undefined) {
    connection.send({ error: "No data." });
    return;
  }
  const key = `smd+${conidex}`;
  const lines = sim.world.brokerage.primed.snapshotReads;
  if (!lines.has(conid) && lines.size >= sim.behaviours.webSocket.marketDataLines) {
    connection.send({ topic: key, error: "Market data lines limit reached" });
    return;
  }
  // A stream counts as a line, and warms the snapshot of its contract.
  lines.set(conid, Math.max(lines.get(conid) ?? 0, 1));
  const fields = strings(wanted.args.fields) ?? DEFAULT_FIELDS;
  let last: { [field: string]: string } | undefined;
  const tell = (): void => {
    const quote = sim.market.quote(instrument);
    const now: { [field: string]: string } = { "6509": availability(quote) };
    for (const field of fields) {
      const value = fieldValue(field, {
        instrument,
        quote,
        greeks: sim.market.greeks(instrument),
        decorated: sim.behaviours.drift.decorated,
      });
      if (value !== undefined) now[field] = value;
    }
    const changed = Object.entries(now).filter(([field, value]) => last?.[field] !== value);
    const first = last === undefined;
    last = now;
    if (changed.length === 0) return;
    const id = serverId(sim, conid);
    connection.send({
      server_id: id,
      conidEx: conidex,
      conid,
      _updated: quote.updatedAt,
      ...(first ? { "6119": id } : {}),
      ...Object.fromEntries(changed),
      topic: key,
    });
  };
  const stop = sim.clock.every(CONFLATION_MS, tell);
  // The silent end: no frame, the stream is just over.
  const forget = sim.clock.after(sim.behaviours.webSocket.marketDataLifeMs, () =>
    endStream(connection, key),
  );
  startStream(connection, key, () => {
    stop();
    forget();
    lines.delete(conid);
  });
  tell();
}

/** `smh`: one answer, and a slot that stays taken until it is given back. */
export function subscribeHistory(
  sim: Simulator,
  connection: SocketConnection,
  wanted: Subscription,
): void {
  const instrument = sim.market.find(Number(wanted.target.split("@")[0]));
  if (instrument === undefined || instrument.data === "N") {
    connection.send({ error: "No data." });
    return;
  }
  const taken = [...connection.streams.keys()].filter((key) => key.startsWith("smh+")).length;
  if (taken >= sim.behaviours.webSocket.historySlots) {
    connection.send({
      topic: `smh+${wanted.target}`,
      error: "Too many history charts requests, please try again later.",
    });
    return;
  }
  const id = String(sim.random("requests").integer(100_000, 999_999));
  startStream(connection, `smh+${id}`, () => {});
  const { args } = wanted;
  const answer = historyAnswer(
    sim,
    historyWanted(
      instrument,
      text(args.period, ""),
      text(args.bar, ""),
      args.outsideRth === true,
      sim.clock.now(),
    ),
  );
  connection.send({ ...answer, serverId: id, topic: `smh+${wanted.target}` });
}

/** `sbd`: the price ladder, one per account. */
export function subscribeLadder(
  sim: Simulator,
  connection: SocketConnection,
  wanted: Subscription,
): void {
  const [account = "", conidText = ""] = wanted.parts;
  const instrument = sim.market.find(Number(conidText));
  if (instrument === undefined || instrument.data !== "R" || instrument.secType === "IND") {
    connection.send({ error: "No data." });
    return;
  }
  const tell = (): void => {
    const quote = sim.market.quote(instrument);
    const rows: WireJson[] = [];
    for (let step = LADDER_ROWS; step >= -LADDER_ROWS; step--) {
      const price = quote.last.plus(step * instrument.tick).toFixed(2);
      const size = 100 * (1 + Math.abs(step));
      rows.push({
        row: LADDER_ROWS - step,
        focus: step === 0 ? 1 : 0,
        price: step === 0 ? `${quote.lastSize} @ ${price}` : price,
        bid: step < 0 ? size : undefined,
        ask: step > 0 ? size : undefined,
      });
    }
    connection.send({ topic: `sbd+${account}+${conidText}`, data: rows });
  };
  startStream(connection, `sbd+${account}`, sim.clock.every(LADDER_MS, tell));
  tell();
}
