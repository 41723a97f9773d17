import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import type { ServiceClass } from "@ibkr-edge-gateway/protocol/service-class.ts";
import { afterEach, describe, expect, it } from "vitest";
import { AAPL_CONID, limitOrder, type OrderRig, startOrderRig } from "../support/order-rig.ts";

/**
 * An exit is never blocked, at the PC: every queue down to the broker's socket is filled by agents,
 * previews included, and an exit, a cancel, the keep-alive and the owner's page get through. Over the
 * real socket of the simulator, in its virtual time, so that the figures are those of the pacer.
 * `npm run verify:long -- --part saturation` asks 10,000 times; here it is fewer.
 */
const REQUESTS = Number(process.env.SATURATION_REQUESTS ?? 1_500);
/** The slowest endpoint on an exit's way may be asked once in so long, and an agent just asked it. */
const PACING_BOUND_MS = 6_250;
const MARGIN_MS = 2_000;

let rig: OrderRig;
afterEach(() => rig.close());

/** What agents ask for, of every kind that costs the broker something. */
const asked = (n: number): [string, JsonObject] => {
  const kinds: [string, JsonObject][] = [
    ["contracts.search", { query: `Q${n.toString(36).toUpperCase()}`, by_name: false }],
    [
      "order.preview",
      { account_id: rig.account, request: limitOrder(rig.account, `${100 + (n % 60)}.5`) },
    ],
    ["orders.list", { account_id: rig.account }],
    ["market.bars", { conid: 756733, bar: "1h", period: `${1 + (n % 30)}d` }],
    ["positions.list", { account_id: rig.account }],
    ["market.snapshot", { conids: [265598 + (n % 7)] }],
  ];
  return kinds[n % kinds.length] ?? ["orders.list", {}];
};

function flood(count: number): { refused: number } {
  const told = { refused: 0 };
  for (let n = 0; n < count; n += 1) {
    const [operation, input] = asked(n);
    rig.broker
      .execute({
        operation,
        input,
        deadlineMs: 120_000,
        signal: new AbortController().signal,
        jobId: `read-${n}`,
        grant: { capability: "broker.read", brokerAccount: null },
        service: { class: "agent", share: `client-${n % 3}` },
      })
      .catch(() => {
        told.refused += 1;
      });
  }
  return told;
}

/** Milliseconds until it is at the broker or answered; the time when it was not, as null. */
async function timeTo(what: () => boolean, withinMs: number): Promise<number> {
  const from = rig.now();
  await rig.until(what, withinMs);
  return rig.now() - from;
}

const service = (name: ServiceClass) => ({ service: { class: name } }) as const;

async function open(hangs: boolean): Promise<void> {
  rig = await startOrderRig({ behaviours: { questions: { enabled: false } } });
  rig.sim.control.pin(AAPL_CONID, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
  if (!hangs) return;
  // What agents ask for most is never answered: it holds connections and places until its time is over.
  for (const path of ["/iserver/secdef/search", "/iserver/marketdata/history"]) {
    rig.sim.control.addFault({ match: { path }, do: { action: "dropRequest" }, times: 0 });
  }
}

describe.each([
  ["fast", false],
  ["hanging", true],
])("with a %s broker and three agents that ask for all they can", (speed, hangs) => {
  it("an exit and a cancel are at the broker in time, and so are the keep-alive and the owner's page", async () => {
    await open(hangs);
    const exitOf = async (limit: string) =>
      rig.approve(
        await rig.preview(limitOrder(rig.account, limit, { side: "SELL", quantity: "1" })),
      );
    const [alone, exit] = [await exitOf("184"), await exitOf("185")];
    rig.rules.engage("test", rig.now());
    // The same on an idle line, as the measure of what the exit's own reads take.
    await rig.advance(20_000);
    rig.start("order.place", alone, service("exit"));
    const idleMs = await timeTo(() => rig.posts().length === 1, 120_000);
    await rig.untilState(alone.coid, "working");
    await rig.advance(20_000);

    const ticklesBefore = rig.requestsTo("/tickle").length;
    const floodAt = rig.now();
    const told = flood(REQUESTS);
    await rig.advance(3_000);
    const [standing] = rig.store().intent(alone.coid)?.orders ?? [];
    const cancelled = () => rig.sim.control.requests().some(({ method }) => method === "DELETE");
    const placing = rig.start("order.place", exit, {
      // Under the name of a client that floods: only the class puts it in front.
      service: { class: "exit", share: "client-0" },
    });
    const cancel = {
      account_id: rig.account,
      mode: "paper",
      coid: "ieg1-0123456789abcdef0123456789abcdef",
      order_id: standing?.order_id ?? "",
      order_ref: alone.coid,
      by: "agent",
      approval: null,
    };
    rig.start("order.cancel", cancel, service("cancel"));
    let page: number | null = null;
    const from = rig.now();
    rig.broker
      .execute({
        operation: "account.summary",
        input: { account_id: rig.account },
        deadlineMs: 60_000,
        signal: new AbortController().signal,
        grant: { capability: "broker.read", brokerAccount: null },
        service: { class: "owner" },
      })
      .then(
        () => {
          page = rig.now() - from;
        },
        () => {},
      );
    const cancelMs = await timeTo(cancelled, 60_000);
    const exitMs = cancelMs + (await timeTo(() => rig.posts().length === 2, 60_000));
    await rig.until(() => page !== null, 60_000);
    await rig.until(() => rig.requestsTo("/tickle").length > ticklesBefore, 90_000);
    const tickledAt = rig.requestsTo("/tickle").at(-1)?.at ?? 0;
    console.log(
      `${speed}: ${REQUESTS} requests, ${told.refused} refused at once; ms: exit ${exitMs} (idle ${idleMs}), cancel ${cancelMs}, page ${page}, keep-alive ${tickledAt - floodAt}`,
    );
    expect(placing.outcome?.refusals ?? []).toEqual([]);
    expect(cancelMs).toBeLessThanOrEqual(MARGIN_MS);
    expect(exitMs).toBeLessThanOrEqual(idleMs + PACING_BOUND_MS + MARGIN_MS);
    expect(page).toBeLessThanOrEqual(MARGIN_MS);
    expect(tickledAt - floodAt).toBeLessThanOrEqual(60_000 + MARGIN_MS);
    // The queue was full: what found no place was refused at once, with the time to wait.
    expect(told.refused).toBeGreaterThan(REQUESTS > 5_000 ? 1_000 : 0);
  }, 300_000);
});
