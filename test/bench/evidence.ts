import { setTimeout as sleep } from "node:timers/promises";
import { Browser } from "../../scripts/lib/browser.ts";
import type { WorkerBundle } from "../../scripts/lib/bundle.ts";
import { type Gateway, launchGateway } from "../../scripts/lib/gateway.ts";
import { connect, signIn } from "../../scripts/lib/oauth-client.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { measure, quantile, quantiles, round, type Target } from "./load.ts";
import { toolCall } from "./targets.ts";

const NO_LIMIT = 10_000_000;
const BATCHES = 60;
const IN_A_BATCH = 20;
const EVENTS = 4_000;
const ROUNDS = 30;
const CALLS_A_ROUND = 40;

/**
 * What the evidence costs inside workerd: one event of an order with the signed head over it, in the
 * account's object; bytes of an event there and in D1; and a read beside the same read where no head is
 * signed, in turns, so that whatever else the machine does falls on both.
 */
export async function benchEvidence(bundle: WorkerBundle): Promise<object> {
  const signed = await open(bundle, {});
  try {
    const log = await benchLog(signed);
    const unsigned = await open(bundle, { EVIDENCE_KEY: "" });
    try {
      return { ...log, read_beside_one_without_heads: await inTurns(signed, unsigned) };
    } finally {
      await unsigned.gateway.close();
    }
  } finally {
    await signed.gateway.close();
  }
}

interface Opened {
  gateway: Gateway;
  account: string;
  read: Target;
}

async function open(bundle: WorkerBundle, secrets: { EVIDENCE_KEY?: string }): Promise<Opened> {
  const gateway = await launchGateway({
    bundle,
    direct: true,
    secrets,
    entry: fromRoot("test/bench/evidence-worker.js"),
    vars: {
      CLIENT_CALLS_PER_MINUTE: String(NO_LIMIT),
      ACCOUNT_CALLS_PER_MINUTE: String(NO_LIMIT),
    },
    rateLimits: { SIGN_IN_LIMIT: NO_LIMIT, REGISTER_LIMIT: NO_LIMIT, REFUSED_LIMIT: NO_LIMIT },
  });
  const owner = new Browser(gateway.url);
  await signIn(owner, gateway.secrets.OWNER_TOKEN);
  const client = await connect(owner, { scope: "ibkr:health:read" });
  const account = owner.cookie("ibkr-owner")?.split(".")[0] ?? "";
  const read = toolCall(gateway.url, client.tokens.access_token, "ibkr_health", {});
  return { gateway, account, read };
}

/** A clock inside the object stands still while it works, so that whole batches are timed from outside. */
async function benchLog({ gateway, account }: Opened) {
  const append = async (count: number, type: string): Promise<{ database_bytes: number }> => {
    const query = new URLSearchParams({ account, count: String(count), type });
    const answer = await fetch(`${gateway.url}/__append?${query}`);
    if (!answer.ok) throw new Error(`appending answered ${answer.status}`);
    return answer.json() as Promise<{ database_bytes: number }>;
  };
  await append(200, "order.state");
  const alone: number[] = [];
  const batches: number[] = [];
  for (let n = 0; n < BATCHES; n++) {
    const before = performance.now();
    await append(0, "order.state");
    const between = performance.now();
    await append(IN_A_BATCH, "order.state");
    alone.push(between - before);
    batches.push(performance.now() - between);
  }
  const request = quantile(
    alone.toSorted((a, b) => a - b),
    0.5,
  );
  const db = await gateway.d1();
  const copied = async () => {
    const { results, meta } = await db
      .prepare("SELECT MAX(seq) AS seq FROM audit_events WHERE account_id = ?")
      .bind(account)
      .all<{ seq: number }>();
    return { seq: results[0]?.seq ?? 0, bytes: meta.size_after };
  };
  const [first] = [await untilCopied(gateway, account, copied)];
  const { database_bytes: begin } = await append(0, "tool.call");
  const { database_bytes: end } = await append(EVENTS, "tool.call");
  const last = await untilCopied(gateway, account, copied);
  return {
    append_and_checkpoint: quantiles(batches.map((ms) => Math.max(0, ms - request) / IN_A_BATCH)),
    append_and_checkpoint_is: `the mean of ${IN_A_BATCH} in one request, less the request itself`,
    bytes_per_event: {
      object: round((end - begin) / EVENTS, 0),
      d1: round((last.bytes - first.bytes) / EVENTS, 0),
    },
  };
}

async function untilCopied(
  gateway: Gateway,
  account: string,
  copied: () => Promise<{ seq: number; bytes: number }>,
) {
  for (let tries = 0; tries < 300; tries++, await sleep(200)) {
    const [newest] = await gateway.sql<{ seq: number }>(
      "Account",
      account,
      "SELECT MAX(seq) AS seq FROM audit_log",
    );
    const there = await copied();
    if (there.seq === Number(newest?.seq)) return there;
  }
  throw new Error("the log was not copied in time");
}

async function inTurns(signed: Opened, unsigned: Opened) {
  await measure(signed.read, 1, 200);
  await measure(unsigned.read, 1, 200);
  const ratios: number[] = [];
  const p50: { signed: number[]; unsigned: number[] } = { signed: [], unsigned: [] };
  for (let round_ = 0; round_ < ROUNDS; round_++) {
    // Who goes first changes, so that neither always has the warmer machine.
    const order = round_ % 2 === 0 ? [signed, unsigned] : [unsigned, signed];
    const found = new Map<Opened, number>();
    for (const one of order) {
      const { p50_ms } = await measure(one.read, 1, CALLS_A_ROUND);
      found.set(one, p50_ms);
    }
    const [a, b] = [found.get(signed) ?? Number.NaN, found.get(unsigned) ?? Number.NaN];
    p50.signed.push(a);
    p50.unsigned.push(b);
    ratios.push(a / b);
  }
  const sorted = ratios.toSorted((a, b) => a - b);
  const middle = (values: number[]) =>
    round(
      quantile(
        values.toSorted((a, b) => a - b),
        0.5,
      ),
      3,
    );
  return {
    rounds: ROUNDS,
    calls_a_round: CALLS_A_ROUND,
    p50_ms: middle(p50.signed),
    p50_ms_without: middle(p50.unsigned),
    ratio_of_p50: {
      p10: round(quantile(sorted, 0.1), 3),
      p50: round(quantile(sorted, 0.5), 3),
      p90: round(quantile(sorted, 0.9), 3),
    },
  };
}
