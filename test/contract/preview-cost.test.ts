import { afterEach, describe, expect, it } from "vitest";
import { AAPL_CONID, limitOrder, type OrderRig, startOrderRig } from "../support/order-rig.ts";

/**
 * What one preview asks of the broker, request by request, and how long it waits beside the answers.
 * Every request takes a place in the broker's pacing, and while a preview waits its prices grow old:
 * neither may grow unseen, and a closed market costs no more patience than an open one.
 */
// fixed dates: they are instants of the simulated market's own clock.
let rig: OrderRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const OPEN = "2026-11-30T15:00:00Z";
/** Of Friday's last price, which the quote dates itself. */
const SATURDAY = "2026-11-28T15:00:00Z";
/** The quote has no last price any more: the daily bars date the close. */
const MONDAY_NIGHT = "2026-11-30T08:00:00Z";
const INSTANTS = [
  ["an open market", OPEN],
  ["a closed market", SATURDAY],
  ["a closed market whose price only the daily bars date", MONDAY_NIGHT],
] as const;

async function startAt(ms: number): Promise<OrderRig> {
  const made = await startOrderRig({
    startAt: ms,
    marketHours: "exchange",
    behaviours: { questions: { enabled: false } },
  });
  rig = made;
  return made;
}

/** A session at rest: what is read at its beginning has been read, and the stream is trusted. */
async function settledAt(instant: string): Promise<OrderRig> {
  const made = await startAt(Date.parse(instant) - 60_000);
  await made.advance(Date.parse(instant) - made.now());
  return made;
}

/** One preview: its requests, and the virtual time that it waited. */
async function preview(made: OrderRig, limit: string) {
  const { control } = made.sim;
  const before = control.requests().length;
  const began = made.now();
  const { ticket } = await made.preview(limitOrder(made.account, limit, { conid: AAPL_CONID }));
  const calls = control
    .requests()
    .slice(before)
    .map(({ method, path }) => `${method} ${path.replace(made.account, "<account>")}`);
  return { waitedMs: made.now() - began, market: ticket.market, calls: calls.sort() };
}

const SNAPSHOT = "GET /iserver/marketdata/snapshot";
const HISTORY = "GET /iserver/marketdata/history";
/** What is asked anew with every preview. */
const EVERY_TIME = [
  "GET /portfolio/<account>/ledger",
  "GET /portfolio/<account>/summary",
  "GET /portfolio2/<account>/positions",
  "POST /iserver/account/<account>/orders/whatif",
  "POST /iserver/contract/rules",
];
/** What is known of a contract once it was looked at. */
const ONCE = ["GET /contract/trading-schedule", "GET /trsrv/secdef"];

describe("the first preview of a contract", () => {
  it.each(INSTANTS)("in %s asks the broker exactly this", async (_name, instant) => {
    const { calls, market, waitedMs } = await preview(await settledAt(instant), "265");
    // The broker gives a quote in three looks: none, a part, all. No look waits for sides that never
    // come; a chart that is cold is asked twice.
    const bars = instant === MONDAY_NIGHT ? [HISTORY, HISTORY] : [];
    const looks = [SNAPSHOT, SNAPSHOT, SNAPSHOT];
    expect(calls).toEqual([...EVERY_TIME, ...ONCE, ...looks, ...bars].sort());
    expect(market?.bid === null).toBe(instant !== OPEN);
    expect(market?.reference).not.toBeNull();
    // Two pauses between the looks; with the bars a retry; and a place in the pacing, which keeps some
    // of each second's requests for exits and cancels.
    expect(waitedMs).toBeLessThanOrEqual(instant === MONDAY_NIGHT ? 2_500 : 1_500);
  });
});

describe("the next one", () => {
  it.each(INSTANTS)(
    "in %s asks once for each thing that grows old, and waits for the pacing alone",
    async (_name, instant) => {
      const made = await settledAt(instant);
      await preview(made, "265");
      await made.advance(60_000);
      const { calls, waitedMs } = await preview(made, "264");
      const bars = instant === MONDAY_NIGHT ? [HISTORY] : [];
      expect(calls).toEqual([...EVERY_TIME, SNAPSHOT, ...bars].sort());
      // Six requests fit into a second beside the places kept for exits and cancels; a seventh waits.
      expect(waitedMs).toBeLessThanOrEqual(calls.length > 6 ? 1_000 : 0);
    },
  );
});

describe("a preview in the first seconds of a broker session", () => {
  it("waits for the list of orders, which the broker gives once in five seconds, and in a closed market no longer", async () => {
    const made = await startAt(Date.parse(OPEN));
    const open = await preview(made, "265");
    await made.close();
    const closed = await preview(await startAt(Date.parse(SATURDAY)), "265");
    expect(closed.calls).toEqual(open.calls);
    expect(closed.waitedMs).toBe(open.waitedMs);
    // One place in that pacing, behind the warm-up: the check of a book in which nothing of ours stands
    // comes later. What it reads is the list that the stream begins with.
    expect(open.waitedMs).toBeLessThanOrEqual(6_250);
  });

  it("loses no check of the book by it: that comes as soon as nobody waits, and by force", async () => {
    const made = await startAt(Date.parse(SATURDAY));
    const forced = () =>
      made
        .requestsTo("/iserver/account/orders")
        .filter(({ query }) => query.includes("force=true"));
    const atFirst = forced().length;
    await made.advance(10_000);
    expect(forced()).toHaveLength(atFirst);
    await made.advance(20_000);
    expect(forced()).toHaveLength(atFirst + 1);
  });
});
