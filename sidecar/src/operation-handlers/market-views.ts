import { stateInWords } from "@ibkr-edge-gateway/protocol/market/market-words.ts";
import type { TradingSchedule } from "@ibkr-edge-gateway/protocol/market/trading-schedule.ts";
import type { Quote } from "@ibkr-edge-gateway/protocol/operation-schemas/market-snapshot.ts";
import type { SecDef } from "../client-portal/endpoints/contracts.ts";
import type { SnapshotRow } from "../client-portal/endpoints/quotes.ts";
import { type MarketView, needsCloses, readProof, readSchedule, viewFrom } from "./market-view.ts";
import type { OperationContext } from "./operation-context.ts";

/** The markets of many contracts at once, with a bound on what that costs at the broker. */

/** Each schedule is a request of its own, and each proof by daily bars another. */
const MOST_SCHEDULES = 8;
const MOST_PROOFS = 4;

/** Shares of one listing exchange trade by one schedule; of anything else each contract has its own. */
function scheduleKey(conid: number, fact: SecDef | undefined): string {
  return fact?.assetClass === "STK" && fact.listingExchange !== null
    ? fact.listingExchange
    : String(conid);
}

export async function readSchedules(
  context: OperationContext,
  conids: readonly number[],
  facts: ReadonlyMap<number, SecDef>,
): Promise<ReadonlyMap<number, TradingSchedule | null>> {
  const first = new Map<string, number>();
  for (const conid of conids) {
    const key = scheduleKey(conid, facts.get(conid));
    if (!first.has(key) && first.size < MOST_SCHEDULES) first.set(key, conid);
  }
  const read = new Map(
    await Promise.all(
      [...first].map(async ([key, conid]) => [key, await readSchedule(context, conid)] as const),
    ),
  );
  return new Map(
    conids.map((conid) => [conid, read.get(scheduleKey(conid, facts.get(conid))) ?? null]),
  );
}

export async function readViews(
  context: OperationContext,
  conids: readonly number[],
  rows: ReadonlyMap<number, SnapshotRow>,
  facts: ReadonlyMap<number, SecDef>,
  schedules: ReadonlyMap<number, TradingSchedule | null>,
): Promise<ReadonlyMap<number, MarketView>> {
  const now = context.clock.now();
  const views = new Map(
    conids.map((conid) => [
      conid,
      viewFrom(now, schedules.get(conid) ?? null, rows.get(conid), facts.get(conid), null),
    ]),
  );
  const unproved = [...views].filter(([, view]) => needsCloses(view)).slice(0, MOST_PROOFS);
  await Promise.all(
    unproved.map(async ([conid, { schedule, state }]) => {
      if (schedule === null) return;
      const proof = await readProof(context, conid, schedule, state);
      views.set(conid, viewFrom(now, schedule, rows.get(conid), facts.get(conid), proof));
    }),
  );
  return views;
}

/** Once for the whole answer: the states that are not regular trading, and whose they are. */
export function stateNotes(
  quotes: readonly Quote[],
  views: ReadonlyMap<number, MarketView>,
  ownerZone: string | null,
): string[] {
  const said = new Map<string, string[]>();
  for (const quote of quotes) {
    const view = views.get(quote.conid);
    if (view === undefined || view.state.state === "open") continue;
    const words = stateInWords(view.state, ownerZone);
    said.set(words, [...(said.get(words) ?? []), quote.symbol ?? String(quote.conid)]);
  }
  return [...said].map(([words, symbols]) =>
    symbols.length === quotes.length ? words : `${symbols.join(", ")}: ${words}`,
  );
}
