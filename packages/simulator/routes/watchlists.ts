import { failed, fieldsOf, ok, type SimAnswer, type SimRequest } from "../http/exchange.ts";
import type { SimRoute } from "../http/router.ts";
import { isFields, type WireJson } from "../json.ts";
import type { Simulator } from "../simulator.ts";
import type { Watchlist } from "../state/watchlists-alerts-notices.ts";

function unavailable(): SimAnswer {
  return failed(503, "Service Unavailable");
}

function lists(sim: Simulator): SimAnswer {
  return ok({
    data: {
      scanners_only: false,
      show_scanners: false,
      bulk_delete: false,
      user_lists: [...sim.notes.watchlists.values()].map((one) => ({
        is_open: false,
        read_only: false,
        name: one.name,
        modified: one.modified,
        id: one.id,
        type: "watchlist",
      })),
    },
    action: "content",
    MID: "1",
  });
}

function instrumentRow(sim: Simulator, conid: number | undefined, warm: boolean): WireJson {
  if (conid === undefined) return { H: "" };
  const one = sim.market.find(conid);
  if (!warm || one === undefined) return { C: String(conid), conid };
  return {
    ST: one.secType,
    C: String(conid),
    conid,
    name: one.name,
    fullName: one.symbol,
    assetClass: one.secType,
    ticker: one.symbol,
    chineseName: one.name,
  };
}

function read(sim: Simulator, request: SimRequest): SimAnswer {
  const found = sim.notes.watchlists.get(request.query.get("id") ?? "");
  if (found === undefined) return unavailable();
  const primed = sim.world.brokerage.primed.watchlists;
  const warm = primed.has(found.id) || !sim.behaviours.coldReads.watchlist;
  primed.add(found.id);
  return ok({
    id: found.id,
    hash: String(found.modified),
    name: found.name,
    readOnly: false,
    instruments: found.rows.map((conid) => instrumentRow(sim, conid, warm)),
  });
}

/** Creates a list, or overwrites the one that has the id already. */
function write(sim: Simulator, request: SimRequest): SimAnswer {
  const { id, name, rows } = fieldsOf(request);
  if (typeof id !== "string" || !/^\d+$/.test(id) || typeof name !== "string" || name === "") {
    return unavailable();
  }
  const contracts = (Array.isArray(rows) ? rows : []).map((row: unknown) =>
    isFields(row) && typeof row.C === "number" ? row.C : undefined,
  );
  const list: Watchlist = { id, name, modified: sim.clock.now(), rows: contracts };
  sim.notes.watchlists.set(id, list);
  return ok({ id, hash: String(list.modified), name, readOnly: false, instruments: [] });
}

function remove(sim: Simulator, request: SimRequest): SimAnswer {
  const id = request.query.get("id") ?? "";
  const known = sim.notes.watchlists.delete(id);
  const warm = sim.world.brokerage.primed.watchlists.size > 0;
  if (!known && !warm) return unavailable();
  return ok({ data: { deleted: id }, action: "context", MID: "2" });
}

export const watchlistRoutes: readonly SimRoute[] = [
  { method: "GET", pattern: "/iserver/watchlists", needs: "brokerage", handle: lists },
  { method: "GET", pattern: "/iserver/watchlist", needs: "brokerage", handle: read },
  { method: "POST", pattern: "/iserver/watchlist", needs: "brokerage", handle: write },
  { method: "DELETE", pattern: "/iserver/watchlist", needs: "brokerage", handle: remove },
];
