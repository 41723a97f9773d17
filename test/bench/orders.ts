import { setTimeout as sleep } from "node:timers/promises";
import { runSidecarProcess } from "../../scripts/lib/sidecar-process.ts";
import { approverFingerprint } from "../../sidecar/src/trust/tables/approvers.ts";
import type { Client } from "../chaos/orders/client.ts";
import { type Owner, signInOwner } from "../chaos/orders/owner.ts";
import { quantiles } from "./load.ts";
import type { Bench } from "./setup.ts";

/** One order of each: a newcomer's limits stay as they are, and they let no order be repeated. */
const CONIDS = [265598, 272093, 8314, 4391];
const BETWEEN_MS = 13_000;
/** What is counted from an order's preview on. */
const WHOLE = [
  ...["worker_requests", "object_requests", "rows_written", "rows_read"],
  ...["kv_reads", "kv_writes", "d1_statements", "alarms_set"],
];

/**
 * Whole paper orders through every real part, with the meter in front of the Worker: the rows that
 * the account's object writes from the submit's call to the proof that the order works, and how long
 * the submit and its replay take. The first includes the broker's answers and its pacing; the second
 * is the way through the gateway alone.
 */
export async function benchOrders(bench: Bench) {
  const { agent, owner } = await trader(bench);
  const listed = await agent.call("ibkr_accounts_list");
  const account_id: string = listed.ok ? listed.answer.accounts[0].account_id : "";
  const rows: number[] = [];
  const tables: unknown[] = [];
  const statements: number[] = [];
  const wholes: Record<string, number>[] = [];
  const submits: number[] = [];
  const replays: number[] = [];
  for (const [n, conid] of CONIDS.entries()) {
    const probe = await agent.call("ibkr_order_preview", order(account_id, conid, "1"));
    const market = probe.ok ? probe.answer.preview.market : {};
    await counts(bench);
    const price = (Number(market.bid ?? market.last ?? market.prior_close) * 0.985).toFixed(2);
    const approval_id = await approved(owner, agent, order(account_id, conid, price));
    const submit = () =>
      agent.call("ibkr_paper_order_submit", {
        account_id,
        approval_id,
        idempotency_key: `bench-order-${n}`,
      });
    const asking = await counts(bench);
    const began = performance.now();
    const told = await submit();
    submits.push(performance.now() - began);
    if (!told.ok || told.answer.order === null) throw new Error(JSON.stringify(told).slice(0, 400));
    await untilWorking(bench, owner.accountId, told.answer.order.order_ref);
    const cost = await counts(bench);
    rows.push(cost.rows_written ?? Number.NaN);
    tables.push(cost.rows_written_by_table);
    statements.push(cost.object_statements ?? Number.NaN);
    wholes.push({
      ...Object.fromEntries(WHOLE.map((name) => [name, (asking[name] ?? 0) + (cost[name] ?? 0)])),
      events: eventsOf(asking) + eventsOf(cost),
    });
    for (let repeat = 0; repeat < 20; repeat += 1) {
      const again = performance.now();
      const replay = await submit();
      replays.push(performance.now() - again);
      if (!replay.ok || replay.answer.replayed !== true) throw new Error("it was no replay");
    }
    // A newcomer's agent may send so many orders a minute and no more.
    if (n < CONIDS.length - 1) await sleep(BETWEEN_MS);
  }
  return {
    what: "paper orders through OAuth, Worker, object, relay, sidecar process and simulator",
    orders: CONIDS.length,
    rows_written_per_order: { each: rows, most: Math.max(...rows) },
    rows_written_by_table: tables,
    object_statements_per_order: statements,
    from_preview_to_working: {
      what: "preview, request, the owner's pages and passkey, submit, and what the PC tells afterwards",
      each: wholes,
    },
    submit_with_the_brokers_time: quantiles(submits),
    replay_of_a_submit: quantiles(replays),
  };
}

/** An owner with a passkey that both ends know, and a client that may trade on paper. */
async function trader(bench: Bench): Promise<{ agent: Client; owner: Owner }> {
  const { gateway } = bench;
  const owner = await signInOwner(gateway.url, gateway.secrets.OWNER_TOKEN);
  const [known] = await gateway.sql<{ credential_id: string; public_key: string }>(
    "Account",
    owner.accountId,
    "SELECT credential_id, public_key FROM passkeys",
  );
  if (known === undefined) throw new Error("the passkey was not enrolled");
  const words = approverFingerprint(new Uint8Array(Buffer.from(known.public_key, "base64url")));
  const added = await runSidecarProcess(bench.cli, [
    ...["--config-dir", bench.configDir, "approvers", "add"],
    ...["--credential", known.credential_id, "--public-key", known.public_key],
    ...["--accept-approver", words],
  ]);
  if (added.code !== 0) throw new Error(`the passkey was not accepted: ${added.output}`);
  await owner.confirm();
  await owner.form("/trading/switch", { mode: "paper", on: "yes" });
  const agent = await owner.admit("Bench agent", [
    ...["ibkr:health:read", "ibkr:accounts:read", "ibkr:orders:read"],
    ...["ibkr:orders:preview", "ibkr:approvals:create", "ibkr:orders:paper:submit"],
  ]);
  for (const end = Date.now() + 150_000; Date.now() < end; await sleep(500)) {
    const told = await agent.call("ibkr_backend_status");
    if (told.ok && told.answer.broker?.mode === "paper") return { agent, owner };
  }
  throw new Error("paper was not proved in time");
}

async function approved(owner: Owner, agent: Client, wanted: object): Promise<string> {
  const previewed = await agent.call("ibkr_order_preview", { ...wanted });
  if (!previewed.ok || previewed.answer.preview?.may_be_asked !== true) {
    const why = previewed.ok ? previewed.answer.preview?.policy_failures : previewed.code;
    throw new Error(`no preview: ${JSON.stringify(why)}`);
  }
  const { preview_id } = previewed.answer.preview;
  const asked = await agent.call("ibkr_approvals_create", {
    account_id: previewed.answer.account_id,
    preview_id,
  });
  const approvalId: string = asked.ok ? asked.answer.approval.approval_id : "";
  if (!(await owner.approve(approvalId))) throw new Error("the order was not approved");
  return approvalId;
}

async function untilWorking(bench: Bench, accountId: string, ref: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(100)) {
    const [row] = await bench.gateway.sql<{ state: string }>(
      "Account",
      accountId,
      "SELECT state FROM order_intents WHERE coid = ?",
      ref,
    );
    if (row?.state === "working" || row?.state === "filled") return;
  }
  throw new Error(`${ref} was not seen at the broker`);
}

/** Entries of the log: a row each, and no index. */
function eventsOf(counted: Counted): number {
  return counted.rows_written_by_table.audit_log ?? 0;
}

type Counted = Record<string, number> & { rows_written_by_table: Record<string, number> };

async function counts(bench: Bench): Promise<Counted> {
  const response = await fetch(`${bench.gateway.url}/__counts`);
  // The meter's own answer.
  return (await response.json()) as Counted;
}

const order = (account_id: string, conid: number, limit_price: string) => ({
  account_id,
  conid,
  side: "BUY",
  order_type: "LMT",
  quantity: "1",
  limit_price,
});
