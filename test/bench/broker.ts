import { settledPositions } from "../../sidecar/src/client-portal/endpoints/positions.ts";
import { startsKeptFrom } from "../../sidecar/src/client-portal/pacing/priority.ts";
import {
  earliestStart,
  GLOBAL_WINDOWS,
} from "../../sidecar/src/client-portal/pacing/rate-windows.ts";
import { startRig } from "../support/broker.ts";
import { quantile, round } from "./load.ts";

const AAPL = 265598;
const SPY = 756733;
const SNAPSHOT = "/iserver/marketdata/snapshot";
const MINUTES = 60;

/** The broker side against the simulator on one virtual clock: counts are exact, waits are its own. */
export async function benchBroker() {
  const rig = await startRig();
  try {
    await rig.ready();
    await rig.advance(60_000);

    await rig.ask("market.snapshot", { conids: [SPY] });
    await rig.advance(5_000);
    rig.sim.control.clearRequests();
    await Promise.all(
      Array.from({ length: 32 }, () => rig.ask("market.snapshot", { conids: [SPY] })),
    );
    const sameQuote = rig.requestsTo(SNAPSHOT).length;

    await rig.advance(60_000);
    rig.sim.control.clearRequests();
    const asked = rig.now();
    await rig.ask("options.chain", { underlying_conid: AAPL });
    const took = rig.now() - asked;
    const chainCalls = rig.sim.control.requests().length;
    const pacingBound = pacingBoundMs(chainCalls);

    await rig.advance(60_000);
    rig.sim.control.clearRequests();
    await rig.advance(MINUTES * 60_000);
    const idleCalls = rig.sim.control.requests().length;
    return {
      same_quote: { clients: 32, broker_calls: sameQuote },
      cold_option_chain: {
        broker_calls: chainCalls,
        virtual_ms: took,
        pacing_bound_ms: pacingBound,
        over_bound: round(took / pacingBound, 2),
      },
      idle: { minutes: MINUTES, broker_calls_a_minute: round(idleCalls / MINUTES, 2) },
      decode_100_positions: decodeHundredPositions(),
    };
  } finally {
    await rig.close();
  }
}

/** When the last of so many reads may start, if nothing but the pacer made them wait. */
function pacingBoundMs(calls: number): number {
  const starts: number[] = [];
  for (let n = 0; n < calls; n++) {
    starts.push(earliestStart(starts, GLOBAL_WINDOWS, starts.at(-1) ?? 0, startsKeptFrom("agent")));
  }
  return starts.at(-1) ?? 0;
}

function decodeHundredPositions() {
  const page = Array.from({ length: 100 }, (_, n) => ({
    acctId: "DU1",
    conid: 100_000 + n,
    contractDesc: `SYM${n}`,
    position: 100 + n,
    mktPrice: 12.345_678,
    mktValue: 1_234.567_8,
    currency: "USD",
    avgCost: 11.1,
    avgPrice: 11.1,
    realizedPnl: 0,
    unrealizedPnl: 124.5,
    assetClass: "STK",
    ticker: `SYM${n}`,
    name: `Company ${n} Incorporated`,
    multiplier: null,
    strike: "0",
  }));
  const { decode } = settledPositions("DU1", 0);
  const text = JSON.stringify(page);
  const durations: number[] = [];
  for (let n = 0; n < 300; n++) {
    const started = performance.now();
    if (decode(JSON.parse(text)).length !== page.length) throw new Error("positions were lost");
    durations.push(performance.now() - started);
  }
  durations.sort((a, b) => a - b);
  return { p50_ms: round(quantile(durations, 0.5)), p99_ms: round(quantile(durations, 0.99)) };
}
