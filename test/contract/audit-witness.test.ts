import { fromBase64Url } from "@ibkr-edge-gateway/evidence/bytes.ts";
import { parseCheckpointNote } from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import {
  checkTrusted,
  parseTrustPolicy,
} from "@ibkr-edge-gateway/evidence/checkpoint/trust-policy.ts";
import { verifyExport } from "@ibkr-edge-gateway/evidence/export/verify-export.ts";
import {
  checkStatement,
  type SignedStatement,
} from "@ibkr-edge-gateway/evidence/order/statement.ts";
import {
  anExport,
  aPolicy,
  type Folder,
  NOW_SECONDS,
} from "@ibkr-edge-gateway/evidence/testing/a-log.ts";
import { filesOf } from "@ibkr-edge-gateway/evidence/testing/folder.ts";
import { EDITS } from "@ibkr-edge-gateway/evidence/testing/tampering/all.ts";
import {
  FILE,
  layEditsOver,
  type Shown,
  SIZE,
} from "@ibkr-edge-gateway/evidence/testing/tampering/edits.ts";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { AAPL, type OrderChain, small, startOrderChain } from "../support/order-chain.ts";
import { runLog } from "../support/run-log.ts";

/** The PC as the witness of its gateway's log, with every part real. */
let chain: OrderChain;
beforeAll(async () => {
  chain = await startOrderChain({});
  chain.sim.control.pin(AAPL, { last: 180, bid: 179.9, ask: 180.1, data: "R" });
}, 240_000);
afterAll(() => chain?.close());

type Witness = { vkey: string; size: number; note: string; state: string };
type Signed = { log_id: string; vkey: string; size: number };

const sql = <Row extends Record<string, string | number | null>>(text: string) =>
  chain.gateway.sql<Row>("Account", chain.accountId, text);
const witness = async () => (await sql<Witness>("SELECT * FROM audit_witnesses"))[0];
const signed = async () => (await sql<Signed>("SELECT * FROM audit_signed"))[0];
const status = async () => JSON.parse((await chain.pc("status", "--json")).output);
const quick = { timeout: 20_000, interval: 100 };

async function submitted(over: Record<string, unknown>, key: string) {
  const approval = await chain.approved(over);
  return chain.agent.call("ibkr_paper_order_submit", {
    account_id: chain.broker,
    approval_id: approval,
    idempotency_key: key,
  });
}

/** The same log; an export may come without openings. */
const isSame = (a: Folder, b: Folder): boolean =>
  a.get(FILE) === b.get(FILE) &&
  [...a].every(([name, text]) => text === "" || b.get(name) === text);

describe("the gateway's log, witnessed by the owner's PC", () => {
  let resting: string;

  it("has every head of an order cosigned, and serves the cosignature with it", async () => {
    const entry = await submitted({ limit_price: "150", quantity: "2" }, "witness-1");
    expect(entry.refusals).toEqual([]);
    resting = entry.order.orders[0].order_id;
    await vi.waitFor(async () => {
      const [log, seen] = [await signed(), await witness()];
      expect(seen).toMatchObject({ state: "whole", size: log?.size });
    }, quick);
    const log = await signed();
    const head = parseCheckpointNote(
      await (await fetch(`${chain.gateway.url}/audit/${log?.log_id}/checkpoint`)).text(),
    );
    const policy = parseTrustPolicy(
      `log ${log?.vkey}\nwitness pc ${(await witness())?.vkey}\nquorum pc\n`,
    );
    expect((await checkTrusted(head, policy)).byWitnesses).toHaveLength(1);
    expect((await status()).audit_log).toMatchObject({ state: "whole", size: head.size });
    expect(await chain.page("/audit")).toContain("Your PC has cosigned it up to #");
  });

  it("agrees with the PC's own book and the broker's, and the PC's statement holds what was posted", async () => {
    const report = await chain.agent.call("ibkr_reconcile", { account_id: chain.broker });
    expect(report.unexplained ?? []).toEqual([]);
    const rows = await sql<{ coid: string; pc_key: string; sent: string }>(
      "SELECT coid, pc_key, sent FROM order_pc_statements",
    );
    expect(rows).toHaveLength(1);
    const sent: SignedStatement = JSON.parse(rows[0]?.sent ?? "null");
    const key = fromBase64Url(rows[0]?.pc_key ?? "") ?? new Uint8Array();
    await expect(checkStatement(sent, key)).resolves.toBeUndefined();
    const posted = chain.sim.control
      .requests()
      .filter(({ method, path }) => method === "POST" && path.endsWith("/orders"))
      .map(({ body }) => body);
    // Byte for byte.
    expect(sent.body.body).toBe(posted[0]);
    expect(sent.body).toMatchObject({ kind: "sent", coid: rows[0]?.coid });
    // What it had cosigned by then, which is a head of this log.
    const log = await signed();
    expect(sent.body.seen).toEqual({
      size: expect.any(Number),
      root: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(Object(sent.body.seen).size).toBeLessThanOrEqual(log?.size ?? 0);
    const left = await sql("SELECT event FROM audit_log WHERE instr(event, 'book.unmatched') > 0");
    expect(left).toEqual([]);
  });

  it("is rewritten by whoever holds the object: the PC says so and stops entries, and what reduces goes out", async () => {
    // The root of the first 2^n entries, which the next heads stand on.
    const size = (await signed())?.size ?? 0;
    const full = 2 ** Math.floor(Math.log2(size));
    await sql(
      `UPDATE audit_log SET nodes = CAST(substr(nodes, 1, length(nodes) - 32) || zeroblob(32) AS BLOB)
       WHERE seq = ${full}`,
    );
    const reason = async () => (await status()).audit_log.state;
    await chain.form("/trading/kill", { effect: "freeze" });
    await chain.lift();
    await vi.waitFor(async () => expect(await reason()).toBe("forked"), quick);
    expect((await witness())?.state).toBe("forked");
    const { audit_log, kill_switch_engaged } = await status();
    expect([kill_switch_engaged, audit_log.shown.size > audit_log.size]).toEqual([true, true]);
    expect((await chain.pc("status")).output).toContain("not a continuation");

    const refused = await chain.agent.call(
      "ibkr_order_preview",
      small(chain.broker, {
        limit_price: "150",
      }),
    );
    expect(refused.preview.may_be_asked).toBe(false);
    expect(JSON.stringify(refused)).toContain("LOCAL_KILL_SWITCH");
    expect(JSON.stringify(refused)).toContain("AUDIT_UNAVAILABLE");

    const cancelled = await chain.agent.call("ibkr_paper_order_cancel", {
      account_id: chain.broker,
      order_id: resting,
      idempotency_key: "witness-cancel",
    });
    expect(cancelled.refusals).toEqual([]);
    await vi.waitFor(
      () => chain.page("/orders").then((page) => expect(page).toContain("audit log")),
      quick,
    );
  });

  it("is taken as it is by the owner at the PC alone, and entries go out again", async () => {
    const unasked = await chain.pc("audit", "accept");
    expect([unasked.code, unasked.output]).toEqual([2, expect.stringContaining("at the terminal")]);
    expect((await status()).audit_log.state).toBe("forked");
    const accepted = await chain.pc("audit", "accept", "--yes");
    expect(accepted.output).toContain("The kill switch is lifted.");
    await chain.form("/trading/kill", { effect: "freeze" });
    await chain.lift();
    await vi.waitFor(async () => expect((await witness())?.state).toBe("whole"), quick);
    const entry = await submitted({ limit_price: "150" }, "witness-2");
    expect(entry.refusals).toEqual([]);
    expect(entry.order.state).not.toBe("rejected");
  });

  it("goes on after the PC was away", async () => {
    await chain.stopPc();
    await chain.form("/trading/kill", { effect: "freeze" });
    await chain.lift();
    await chain.startPc();
    await vi.waitFor(async () => {
      expect((await witness())?.size).toBe((await signed())?.size);
    }, quick);
    expect((await status()).audit_log.state).toBe("whole");
  });

  it("edited in any of the table's ways, is found out by verify", async () => {
    const rows = await sql<{ seq: number; event: string; salts: string | null }>(
      `SELECT seq, event, salts FROM audit_log ORDER BY seq LIMIT ${SIZE}`,
    );
    expect(rows).toHaveLength(SIZE);
    const log = runLog(rows, chain.accountId, chain.broker);
    layEditsOver(log);
    const policy = await aPolicy();
    const judge = ({ folder, since = [] }: Shown) =>
      verifyExport(filesOf(folder), { policy, nowSeconds: NOW_SECONDS, since });
    const whole = await anExport(log);
    expect(await judge({ folder: whole })).toMatchObject({ outcome: "verified" });
    const missed: string[] = [];
    let tried = 0;
    for (const [what, edits] of Object.entries(EDITS)) {
      for (const { name, shown, code } of edits) {
        const edited = await shown().catch(() => null);
        // This log hides other values than the made one: an edit of one may find nothing to edit,
        if (edited === null || isSame(edited.folder, whole)) continue;
        tried += 1;
        const found = (await judge(edited)).first?.code ?? "nothing";
        // and is found for another reason where it does.
        const asExpected = what === "private values" ? found !== "nothing" : found === code;
        if (!asExpected) missed.push(`${name}: ${found}, not ${code}`);
      }
    }
    expect(missed).toEqual([]);
    expect(tried).toBeGreaterThanOrEqual(62);
  });
});
