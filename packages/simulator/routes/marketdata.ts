import {
  answer,
  badRequest,
  failed,
  fieldsOf,
  ok,
  type SimAnswer,
  type SimRequest,
} from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import type { WireJson } from "../json.ts";
import { availability, fieldValue } from "../market/market-data-fields.ts";
import type { Simulator } from "../simulator.ts";

const MOST_CONIDS = 100;
const MOST_FIELDS = 50;
/** Reads until a stream that was just opened has everything. */
const WARM_AFTER = 2;

/** A snapshot opens a stream for each contract; its first answers carry little or nothing. */
function snapshot(sim: Simulator, request: SimRequest): SimAnswer {
  const conids = (request.query.get("conids") ?? "").split(",").filter((part) => part !== "");
  if (conids.length === 0) return badRequest("conids or conidex is required");
  if (conids.length > MOST_CONIDS) return badRequest(`too many conids, at most ${MOST_CONIDS}`);
  const fields = (request.query.get("fields") ?? "").split(",").filter((part) => part !== "");
  if (fields.length > MOST_FIELDS) return badRequest(`too many fields, at most ${MOST_FIELDS}`);
  const rows: WireJson[] = [];
  for (const conidex of conids) {
    const number = conidex.split("@")[0] ?? "";
    if (!/^-?\d+$/.test(number)) return badRequest("Invalid conid");
    const row = snapshotRow(sim, conidex, Number(number), fields);
    if (row === undefined) return failed(500, "Market data lines limit reached");
    rows.push(row);
  }
  return ok(rows);
}

function snapshotRow(
  sim: Simulator,
  conidex: string,
  conid: number,
  fields: readonly string[],
): WireJson | undefined {
  const reads = sim.world.brokerage.primed.snapshotReads;
  const instrument = sim.market.find(conid);
  if (instrument === undefined) return { conidEx: conidex, conid };
  const before = reads.get(conid);
  if (before === undefined && reads.size >= sim.behaviours.webSocket.marketDataLines)
    return undefined;
  const read = (before ?? 0) + 1;
  reads.set(conid, read);
  const quote = sim.market.quote(instrument);
  const row: { [key: string]: WireJson } = { conidEx: conidex, conid };
  const cold = sim.behaviours.coldReads.snapshot;
  if (cold && read === 1) return row;
  // Assumed: the time of the figures, not of the answer.
  row._updated = quote.updatedAt;
  row.server_id = serverId(sim, conid);
  row["6119"] = row.server_id;
  row["6509"] = availability(quote);
  const source = {
    instrument,
    quote,
    greeks: sim.market.greeks(instrument),
    decorated: sim.behaviours.drift.decorated,
  };
  // Some streams fill in by and by: the second answer may lack the sides of the book.
  const partial = cold && read <= WARM_AFTER && (conid + sim.settings.seed) % 3 === 0;
  for (const id of fields) {
    if (partial && id !== "31" && id !== "55") continue;
    const value = fieldValue(id, source);
    if (value !== undefined) row[id] = value;
  }
  return row;
}

/** Names the stream; the same one for as long as it is open. */
export function serverId(sim: Simulator, conid: number): string {
  return `q${(conid + sim.world.brokerage.generation) % 10_000}`;
}

function unsubscribe(sim: Simulator, request: SimRequest): SimAnswer {
  const conid = fieldsOf(request).conid;
  if (conid === undefined) return badRequest("conid is required");
  const open = sim.world.brokerage.primed.snapshotReads.delete(Number(conid));
  return open ? ok({ success: true }) : answer(500, { error: "unknown" });
}

function unsubscribeAll(sim: Simulator): SimAnswer {
  sim.world.brokerage.primed.snapshotReads.clear();
  return ok({ unsubscribed: true });
}

export const marketDataRoutes: readonly SimRoute[] = [
  {
    method: "GET",
    pattern: "/iserver/marketdata/snapshot",
    needs: "brokerage",
    afterAccounts: true,
    handle: snapshot,
  },
  {
    method: "POST",
    pattern: "/iserver/marketdata/unsubscribe",
    needs: "brokerage",
    handle: unsubscribe,
  },
  {
    method: "GET",
    pattern: "/iserver/marketdata/unsubscribeall",
    needs: "brokerage",
    handle: unsubscribeAll,
  },
];
