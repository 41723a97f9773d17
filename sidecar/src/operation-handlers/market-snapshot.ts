import { GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import {
  marketSnapshot,
  type QuoteField,
} from "@ibkr-edge-gateway/protocol/operation-schemas/market-snapshot.ts";
import { sleep } from "../client-portal/clock.ts";
import {
  AVAILABILITY_FIELD,
  FIELD_IDS,
  type SnapshotRow,
  snapshotLook,
  VOLUME_SHOWN,
} from "../client-portal/endpoints/quotes.ts";
import { LIMITS } from "../client-portal/limits.ts";
import type { Answer, Ask } from "../client-portal/portal-interface.ts";
import { factsOf } from "./find-contracts.ts";
import { VIEW_FIELDS } from "./market-view.ts";
import { readSchedules, readViews, stateNotes } from "./market-views.ts";
import {
  marketNotes,
  type OperationContext,
  type Provenance,
  provenance,
} from "./operation-context.ts";
import { serve } from "./operation-handler.ts";
import {
  availabilityOf,
  DEFAULT_FIELDS,
  hasEveryFigure,
  hasFigure,
  quoteFrom,
} from "./quote-fields.ts";
import { quoteInMarket } from "./quote-in-market.ts";

export interface RowsRead {
  rows: ReadonlyMap<number, SnapshotRow>;
  part: { at: number; from: Provenance["served_from"] };
}

/**
 * Quotes with the preflight inside: the first look at a contract opens its stream at the broker and
 * carries no figure, so a few more follow until each contract has one or has had its chances.
 * @param beside field numbers that are asked for as well and never waited for
 * @param closed nothing trades now: the sides of the market are not waited for
 */
export async function readRows(
  context: OperationContext,
  conids: readonly number[],
  fieldIds: readonly string[],
  beside: readonly string[] = [],
  closed = false,
): Promise<RowsRead> {
  const ids = [...new Set([...fieldIds, ...beside, AVAILABILITY_FIELD])].sort();
  const streamed = context.session().reads === "all" ? context.stream.quotes(conids, ids) : null;
  if (
    streamed !== null &&
    conids.every((conid) => hasFigure(streamed.value.get(conid), fieldIds))
  ) {
    return { rows: streamed.value, part: { at: streamed.at, from: "stream" } };
  }
  await context.lines.touch(conids);
  const sorted = [...conids].sort((a, b) => a - b);
  const look = snapshotLook(sorted, ids);
  const rows = new Map<number, SnapshotRow>();
  let last = await context.ask(look);
  for (let looks = 1; ; looks++) {
    let news = false;
    for (const row of last.value) {
      const before = rows.get(row.conid);
      const merged = merge(before, row);
      news ||= merged.fields.size > (before?.fields.size ?? 0);
      rows.set(row.conid, merged);
    }
    // Some figures never come (no trade yet, no subscription); a look without news ends the wait.
    const waiting = sorted.some((conid) => {
      const row = rows.get(conid);
      const expected = closed || isFrozen(row) ? fieldIds.filter(isNoSide) : fieldIds;
      return !hasFigure(row, fieldIds) || (news && !hasEveryFigure(row, expected));
    });
    const timeLeft = context.deadlineAt - context.clock.now() > 2 * LIMITS.snapshotPollMs;
    if (!waiting || looks >= LIMITS.snapshotPolls || !timeLeft || last.from === "stale") break;
    await sleep(context.clock, LIMITS.snapshotPollMs, context.signal);
    const next = await readAgain(context, look);
    if (next === null) break;
    last = next;
  }
  return { rows, part: last };
}

/** Null while the broker may not be asked: what was seen until then is the answer. */
async function readAgain<T>(context: OperationContext, look: Ask<T>): Promise<Answer<T> | null> {
  try {
    return await context.ask(look, { fresh: true });
  } catch (thrown) {
    const busy = thrown instanceof GatewayError && thrown.failure.code === "BROKER_RATE_LIMITED";
    if (!busy) throw thrown;
    return null;
  }
}

/** Where nothing trades nobody bids: these never come, and waiting for them would only take time. */
const SIDES: ReadonlySet<string> = new Set([
  FIELD_IDS.bid,
  FIELD_IDS.bid_size,
  FIELD_IDS.ask,
  FIELD_IDS.ask_size,
]);
const isNoSide = (id: string): boolean => !SIDES.has(id);
const isFrozen = (row: SnapshotRow | undefined): boolean =>
  availabilityOf(row?.availabilityCode ?? null, true) === "frozen";

/**
 * The same by the figures' names.
 * @param closed as in {@link readRows}
 */
export function readQuotes(
  context: OperationContext,
  conids: readonly number[],
  wanted: readonly QuoteField[],
  closed = false,
): Promise<RowsRead> {
  const ids = wanted.map((field) => FIELD_IDS[field]);
  return readRows(context, conids, ids, [], closed);
}

/** Later looks may leave out what did not change. */
function merge(before: SnapshotRow | undefined, now: SnapshotRow): SnapshotRow {
  if (before === undefined) return now;
  return {
    conid: now.conid,
    updatedAt: now.updatedAt ?? before.updatedAt,
    availabilityCode: now.availabilityCode ?? before.availabilityCode,
    fields: new Map([...before.fields, ...now.fields]),
  };
}

export const serveMarketSnapshot = serve(marketSnapshot, async (context, input) => {
  const wanted = [...new Set(input.fields ?? DEFAULT_FIELDS)];
  const conids = [...new Set(input.conids)];
  const facts = factsOf(context, conids);
  const [known, quotes, schedules] = await Promise.all([
    facts,
    readRows(
      context,
      conids,
      wanted.map((field) => FIELD_IDS[field]),
      [
        ...VIEW_FIELDS.map((field) => FIELD_IDS[field]),
        ...(wanted.includes("volume") ? [VOLUME_SHOWN] : []),
      ],
    ),
    facts.then((read) => readSchedules(context, conids, read.facts)),
  ]);
  const views = await readViews(context, conids, quotes.rows, known.facts, schedules);
  const read = [...views].map(([conid, view]) =>
    quoteInMarket(
      quoteFrom(conid, quotes.rows.get(conid), wanted, known.facts.get(conid)),
      view,
      context.ownerZone,
    ),
  );
  return {
    quotes: read,
    ...provenance(
      context,
      [quotes.part],
      [...marketNotes(context), ...stateNotes(read, views, context.ownerZone)],
    ),
  };
});
