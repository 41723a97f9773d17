import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseProofFile } from "@ibkr-edge-gateway/evidence/proof/proof-file.ts";
import { verifyProof } from "@ibkr-edge-gateway/evidence/proof/verify-proof.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSecond, byOurClock } from "../second-evidence/second.ts";
import { type Agent, type OrderChain, startOrderChain } from "../support/order-chain.ts";

/**
 * One order's proof out of a run with every part real: an agent's order, approved by a passkey, sent by
 * the paired PC and ended at the simulator; its file is checked without any of them.
 */
let chain: OrderChain;
let auditor: Agent;
let folder: string;
let orderRef: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "order-proof-"));
  chain = await startOrderChain();
  auditor = await chain.newAgent("Auditor", "ibkr:audit:export");
  orderRef = await placed(await chain.belowMarket(), "order-proof-1");
}, 180_000);
afterAll(async () => {
  await chain?.close();
  await rm(folder, { recursive: true, force: true });
});

/** An order that works; its reference. */
async function placed(limit_price: string, key: string): Promise<string> {
  const approval_id = await chain.approved({ limit_price });
  const answer = await chain.agent.call("ibkr_paper_order_submit", {
    account_id: chain.broker,
    approval_id,
    idempotency_key: key,
  });
  if (answer.order === undefined) throw new Error(JSON.stringify(answer));
  return answer.order.order_ref;
}

const evidence = (order_ref: string) => auditor.call("ibkr_order_evidence", { order_ref });

/** The proof, once the order has ended and a PC has cosigned the head over its end. */
async function proofOf(order_ref: string) {
  await expect
    .poll(async () => (await evidence(order_ref)).witnesses ?? 0, { timeout: 20_000 })
    .toBeGreaterThan(0);
  return evidence(order_ref);
}

const extraOf = (text: string) =>
  JSON.parse(Buffer.from(parseProofFile(text).extra ?? []).toString());

describe("the proof of one order", () => {
  it("is not there before the order has ended, and then is found by its reference alone", async () => {
    expect(await evidence(orderRef)).toMatchObject({ code: "NOT_FOUND", retryable: true });
    await chain.form("/orders/cancel", { coid: orderRef });
    const proof = await proofOf(orderRef);
    expect(proof).toMatchObject({
      account_id: chain.broker,
      order_ref: orderRef,
      outcome: "cancelled",
    });
    expect(await evidence(`ieg1-${"0".repeat(32)}`)).toMatchObject({ code: "NOT_FOUND" });
  }, 60_000);

  it("verifies by itself: words, passkey, policy, log and the PC that witnessed it", async () => {
    const { proof, trust_policy, trusted_keys, seq } = await proofOf(orderRef);
    const verdict = await verifyProof(proof, { policy: trust_policy, keys: trusted_keys });
    expect([verdict.outcome, verdict.first]).toEqual(["verified", null]);
    const states = Object.fromEntries(verdict.checks.map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({
      file: "passed",
      log: "passed",
      order: "passed",
      approval: "passed",
      keys: "passed",
      openings: "passed",
      policy: "passed",
      broker: "skipped",
    });
    expect(verdict.checks.find(({ name }) => name === "log")?.says).toContain("witnessed by");
    const { intent, entry } = extraOf(proof);
    expect(intent.ticket.order).toMatchObject({ account_id: chain.broker });
    expect(entry).toContain('"type":"order.settled"');
    expect(entry).not.toContain(chain.broker);
    expect(parseProofFile(proof).index).toBe(seq - 1);
  }, 60_000);

  it("has at most 2 KB of proof beside what it is about", async () => {
    const { proof } = await proofOf(orderRef);
    const beside = proof.replace(/^extra .*\n/m, "");
    expect(Buffer.byteLength(beside)).toBeLessThanOrEqual(2_048);
    expect(Buffer.byteLength(proof)).toBeLessThan(32_768);
  }, 60_000);

  it("is a file on the order's page, the same as the agent's, and the PC's command judges it", async () => {
    const { trust_policy, trusted_keys } = await proofOf(orderRef);
    expect(await chain.page("/orders")).toContain(`/orders/proof?ref=${orderRef}`);
    const answer = await chain.owner.get(`/orders/proof?ref=${orderRef}`);
    expect(answer.headers.get("content-disposition")).toContain(`${orderRef}.tlog-proof`);
    const files = { proof: "order.tlog-proof", policy: "trust.policy", keys: "trusted.keys" };
    const at = (name: string) => join(folder, name);
    await writeFile(at(files.proof), await answer.text());
    const suggested = async (file: string) =>
      (await chain.owner.get(`/orders/proof?ref=${orderRef}&file=${file}`)).text();
    expect([await suggested("policy"), await suggested("keys")]).toEqual([
      trust_policy,
      trusted_keys,
    ]);
    await writeFile(at(files.policy), await suggested("policy"));
    await writeFile(at(files.keys), await suggested("keys"));
    const verify = (...more: string[]) =>
      chain.pc("audit", "verify", at(files.proof), "--policy", at(files.policy), ...more);
    const good = await verify("--keys", at(files.keys));
    expect([good.code, good.output]).toEqual([0, expect.stringContaining("Verified")]);
    // Nobody has said whose passkey this is.
    expect((await verify()).code).toBe(2);
    const text = await readFile(at(files.proof), "utf8");
    const changed = text.replace(/^index (\d+)$/m, (_, index) => `index ${Number(index) - 1}`);
    await writeFile(at(files.proof), changed);
    const bad = await verify("--keys", at(files.keys), "--json");
    expect([bad.code, JSON.parse(bad.output).first.code]).toEqual([2, "ENTRY_OF_ANOTHER_PLACE"]);
  }, 60_000);

  it("is verified by a second program that was made from the format's text alone", async (context) => {
    const second = await buildSecond();
    if (second === null) return context.skip("needs Debian's golang-go");
    const { proof, trust_policy, trusted_keys } = await proofOf(orderRef);
    const read = async (text: string, keys: string) => {
      const files = { proof: text, policy: trust_policy, keys };
      const path = await second.put(new Map(Object.entries(files)));
      const [policy, list] = ["--policy", "--keys"].map((o) => [o, join(path, o.slice(2))]);
      const more = [...(policy ?? []), ...(list ?? []), ...byOurClock()];
      return second.run("proof", join(path, "proof"), ...more);
    };
    expect(await read(proof, trusted_keys)).toMatchObject({ outcome: "verified", exitCode: 0 });
    expect(await read(proof, "")).toMatchObject({ code: "STATEMENT_KEY_UNKNOWN", exitCode: 2 });
    await second.close();
  }, 60_000);

  it("is found out where any part of it was changed", async () => {
    const { proof, trust_policy, trusted_keys } = await proofOf(orderRef);
    const whole = extraOf(proof);
    const { intent } = whole;
    const edits: [string, object, string][] = [
      ["the account", { intent: { ...intent, gateway_account_id: "another" } }, "INTENT_DIFFERS"],
      ["the policy", { policy: { ...whole.policy, mode: "live" } }, "INTENT_DIFFERS"],
      ["the opening", { openings: [{ ...whole.openings[0], payload: '"U1"' }] }, "OPENING_DIFFERS"],
      ["the passkey", { assertion: { ...whole.assertion, id: "AAAA" } }, "ORDER_LEAF_DIFFERS"],
      ["the end", { entry: whole.entry.replace("cancelled", "filled") }, "ROOT_DIFFERS"],
    ];
    for (const [what, edit, code] of edits) {
      const { canonicalJson } = await import("@ibkr-edge-gateway/evidence/canonical-json.ts");
      const extra = Buffer.from(canonicalJson({ ...whole, ...edit })).toString("base64");
      const text = proof.replace(/^extra .*$/m, `extra ${extra}`);
      const verdict = await verifyProof(text, { policy: trust_policy, keys: trusted_keys });
      expect([what, verdict.first?.code]).toEqual([what, code]);
    }
  }, 60_000);

  it("holds what the PC stated that it sent and how it ended, by itself and at once", async () => {
    const { proof, trust_policy, trusted_keys } = await proofOf(orderRef);
    const { sent, result, entry } = extraOf(proof);
    expect(sent.body).toMatchObject({ kind: "sent", coid: orderRef });
    expect(result.body).toMatchObject({ kind: "result", status: "cancelled", executions: [] });
    // The PC told both with the order's own states: its end names them, and needs no other entry.
    expect(entry).toContain('"type":"order.settled"');
    const amended = await chain.gateway.sql(
      "Account",
      chain.accountId,
      "SELECT seq FROM audit_log WHERE event ->> '$.type' = 'order.amended'",
    );
    expect(amended).toEqual([]);
    const verdict = await verifyProof(proof, { policy: trust_policy, keys: trusted_keys });
    expect([verdict.outcome, verdict.first]).toEqual(["verified", null]);
    const says = verdict.checks.find(({ name }) => name === "statements")?.says;
    expect(says).toContain("sent this order at");
    const { canonicalJson } = await import("@ibkr-edge-gateway/evidence/canonical-json.ts");
    const whole = extraOf(proof);
    const body = sent.body.body.replace('"BUY"', '"SELL"');
    expect(body).not.toBe(sent.body.body);
    const other = { ...sent, body: { ...sent.body, body } };
    const extra = Buffer.from(canonicalJson({ ...whole, sent: other })).toString("base64");
    const text = proof.replace(/^extra .*$/m, `extra ${extra}`);
    const found = await verifyProof(text, { policy: trust_policy, keys: trusted_keys });
    expect(found.first?.code).toBe("ORDER_LEAF_DIFFERS");
  }, 90_000);

  it("has the very entry that an export has, and the export nothing else of the order", async () => {
    const { proof } = await proofOf(orderRef);
    const { entry, intent, assertion, sent } = extraOf(proof);
    const out = join(folder, "export");
    const made = await chain.pc("audit", "export", "--out", out);
    expect(made.code, made.output).toBe(0);
    const records = await readFile(join(out, "entries", "000000000.jsonl"), "utf8");
    const openings = await readFile(join(out, "openings.jsonl"), "utf8");
    const entries = records
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line).entry);
    expect(entries).toContain(entry);
    for (const own of [assertion.signature, sent.signature, intent.nonce]) {
      expect(records + openings).not.toContain(own);
    }
    expect(records).not.toContain(JSON.stringify(intent.ticket).slice(1, -1));
  }, 60_000);

  it("is not shown to a client that may not use its account", async () => {
    const narrow = await chain.newAgent("Narrow", "ibkr:audit:export");
    await chain.owner.post("/clients/change", [
      ["csrf", /name="csrf" value="([^"]+)"/.exec(await chain.page("/security"))?.[1] ?? ""],
      ["client_id", narrow.clientId],
      ["accounts", "some"],
      ["at_once", "yes"],
      ["scope", "ibkr:audit:export"],
    ]);
    const refused = await narrow.call("ibkr_order_evidence", { order_ref: orderRef });
    expect(refused).toMatchObject({ code: expect.any(String) });
    expect(JSON.stringify(refused)).not.toContain("tlog-proof");
  }, 60_000);
});

describe("the log", () => {
  it("holds one entry of the end of each order", async () => {
    // Another price: the same order again within a minute is refused as a repeat.
    const price = Number(await chain.belowMarket()) - 1;
    const second = await placed(price.toFixed(2), "order-proof-2");
    await chain.form("/orders/cancel", { coid: second });
    await proofOf(second);
    const [count] = await chain.gateway.sql<{ settled: number; ended: number }>(
      "Account",
      chain.accountId,
      `SELECT (SELECT COUNT(*) FROM audit_log WHERE event ->> '$.type' = 'order.settled') AS settled,
         (SELECT COUNT(*) FROM order_intents
          WHERE action <> 'cancel' AND state IN ('filled', 'cancelled', 'rejected', 'expired')) AS ended`,
    );
    expect(count?.settled).toBe(count?.ended);
    expect(count?.settled).toBeGreaterThanOrEqual(2);
  }, 60_000);

  it("keeps nothing of an order that its owner erased, and the log stays whole", async () => {
    const { seq } = await proofOf(orderRef);
    const done = await chain.form("/audit/erase", { seq: String(seq) });
    expect(await done.text()).toContain("Erased");
    const stated = () =>
      chain.gateway.sql<{ sent: string | null; result: string | null }>(
        "Account",
        chain.accountId,
        `SELECT sent, result FROM order_pc_statements WHERE coid = '${orderRef}'`,
      );
    expect(await stated()).toEqual([{ sent: null, result: null }]);
    const told = await evidence(orderRef);
    expect(told).toMatchObject({
      code: "NOT_FOUND",
      retryable: false,
      message: expect.stringContaining("erased"),
    });
    const out = join(folder, "after-erasing");
    expect((await chain.pc("audit", "export", "--out", out)).code).toBe(0);
    const policy = join(out, "trust.policy");
    const verdict = await chain.pc("audit", "verify", out, "--policy", policy);
    expect(verdict.code, verdict.output).toBe(0);
    expect(verdict.output).toContain("erased");
  }, 60_000);
});
