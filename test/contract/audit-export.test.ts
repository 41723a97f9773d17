import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildSecond, byOurClock } from "../second-evidence/second.ts";
import { type OrderChain, startOrderChain } from "../support/order-chain.ts";

/**
 * The whole log of a run, exported by the paired PC from the built Worker and checked without it; and
 * by an agent with the scope for it.
 */
let chain: OrderChain;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "audit-export-"));
  chain = await startOrderChain();
  const approval_id = await chain.approved({ limit_price: await chain.belowMarket() });
  await chain.agent.call("ibkr_paper_order_submit", {
    account_id: chain.broker,
    approval_id,
    idempotency_key: "export-1",
  });
}, 180_000);
afterAll(async () => {
  await chain?.close();
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);
const verify = (name: string, ...more: string[]) =>
  chain.pc("audit", "verify", at(name), "--policy", join(at(name), "trust.policy"), ...more);

describe("an export by the PC", () => {
  it("holds every entry up to the head, opens the broker's account, and verifies", async () => {
    const made = await chain.pc("audit", "export", "--out", at("whole"));
    expect([made.code, made.output]).toEqual([0, expect.stringContaining("Entries 1 to ")]);
    const verdict = await verify("whole", "--json");
    expect(verdict.code, verdict.output).toBe(0);
    const { outcome, checks } = JSON.parse(verdict.output);
    expect(outcome).toBe("verified");
    const opened = checks.find(({ name }: { name: string }) => name === "openings");
    expect(opened.says).toMatch(/^[1-9]\d* private values/);
    expect(await readFile(join(at("whole"), "openings.jsonl"), "utf8")).toContain(chain.broker);
    const { to_index } = JSON.parse(await readFile(join(at("whole"), "export.json"), "utf8"));
    const entries = await readFile(join(at("whole"), "entries", "000000000.jsonl"), "utf8");
    expect(entries.trimEnd().split("\n")).toHaveLength(to_index);
    expect(entries).not.toContain(chain.broker);
    expect(entries).toContain("order.submitted");
  });

  it("is verified by a second program that was made from the format's text alone", async (context) => {
    const second = await buildSecond();
    if (second === null) return context.skip("needs Debian's golang-go");
    const policy = ["--policy", join(at("whole"), "trust.policy"), ...byOurClock()];
    const found = await second.run("export", at("whole"), ...policy);
    expect(found).toMatchObject({ outcome: "verified", exitCode: 0 });
    await cp(at("whole"), at("second"), { recursive: true });
    const entries = join(at("second"), "entries", "000000000.jsonl");
    await writeFile(entries, (await readFile(entries, "utf8")).replace("submitted", "withdrawn"));
    expect(await second.run("export", at("second"), ...policy)).toMatchObject({ exitCode: 2 });
    await second.close();
  });

  it("is noted in the log, once", async () => {
    const events = await chain.gateway.sql(
      "Account",
      chain.accountId,
      "SELECT seq FROM audit_log WHERE event ->> '$.type' = 'log.exported'",
    );
    expect(events).toHaveLength(1);
  });

  it("counts as exported on the audit page, where its owner says for how long it is kept", async () => {
    const { to_index } = JSON.parse(await readFile(join(at("whole"), "export.json"), "utf8"));
    const before = await chain.page("/audit");
    expect(before).toContain("stay here for 7");
    expect(before.replace(/\s+/g, " ")).toMatch(new RegExp(`up to # ?${to_index} so far`));
    expect((await chain.form("/audit/retention", { years: "10" })).status).toBe(303);
    expect(await chain.page("/audit")).toContain("stay here for 10");
    // What is no number of years changes nothing.
    for (const years of ["0", "31", "-1", "x"]) await chain.form("/audit/retention", { years });
    expect(await chain.page("/audit")).toContain("stay here for 10");
  });

  it("that was handed out and did not come to lie on the disk counts for nothing", async () => {
    const { to_index } = JSON.parse(await readFile(join(at("whole"), "export.json"), "utf8"));
    await mkdir(at("no-room"));
    // Where the entries would go stands something else, so that what comes cannot be written.
    await writeFile(join(at("no-room"), "entries"), "");
    const { heads } = await chain.gateway
      .sql<{ heads: number }>("Account", chain.accountId, "SELECT MAX(seq) AS heads FROM audit_log")
      .then(([row]) => row ?? { heads: 0 });
    expect(heads).toBeGreaterThan(to_index);
    const failed = await chain.pc("audit", "export", "--out", at("no-room"));
    expect(failed.code, failed.output).toBe(1);
    const kept = (await chain.page("/audit")).replace(/\s+/g, " ");
    expect(kept).toMatch(new RegExp(`up to # ?${to_index} so far`));
  });

  it("says erased of a value that its owner erased, and stays whole", async () => {
    const [entry] = await chain.gateway.sql<{ seq: number }>(
      "Account",
      chain.accountId,
      "SELECT seq FROM audit_log WHERE event ->> '$.type' = 'order.submitted' LIMIT 1",
    );
    const seq = Number(entry?.seq);
    for (const wrong of ["0", "x", "99999999"]) {
      expect((await chain.form("/audit/erase", { seq: wrong })).status).toBe(400);
    }
    const done = await chain.form("/audit/erase", { seq: String(seq) });
    expect([done.status, await done.text()]).toEqual([200, expect.stringContaining("Erased")]);
    const again = await chain.form("/audit/erase", { seq: String(seq) });
    expect(await again.text()).toContain("nothing to erase");
    const made = await chain.pc("audit", "export", "--out", at("erased"));
    expect(made.code, made.output).toBe(0);
    const verdict = await verify("erased", "--json");
    expect(verdict.code, verdict.output).toBe(0);
    const { checks } = JSON.parse(verdict.output);
    const told = checks.find(({ name }: { name: string }) => name === "erased");
    expect(told?.says).toBe("1 private values were erased; their entries stand");
    const openings = await readFile(join(at("erased"), "openings.jsonl"), "utf8");
    const [line] = openings.split("\n").filter((text) => text.endsWith(`"seq":${seq}}`));
    expect(JSON.parse(line ?? "{}")).toMatchObject({ field: "account", salt: null, payload: null });
    // The export from before still opens it: that copy is the owner's own.
    expect((await verify("whole")).code).toBe(0);
    const noted = await chain.gateway.sql<{ seqs: string }>(
      "Account",
      chain.accountId,
      `SELECT event ->> '$.meta.seqs' AS seqs FROM audit_log
       WHERE event ->> '$.type' = 'owner.erased'`,
    );
    expect(noted).toEqual([{ seqs: String(seq) }]);
  }, 60_000);

  it("of a range verifies against the same head; a range that is none is wrong use", async () => {
    const made = await chain.pc("audit", "export", "--out", at("part"), "--from", "3", "--to", "9");
    expect(made.output).toContain("Entries 3 to 9 of");
    expect((await verify("part")).code).toBe(0);
    for (const range of [
      ["--from", "9", "--to", "3"],
      ["--to", "yesterday"],
    ]) {
      const wrong = await chain.pc("audit", "export", "--out", at("none"), ...range);
      expect(wrong.code, wrong.output).toBe(2);
    }
    expect((await chain.pc("audit", "export", "--out", at("part"))).code).toBe(2);
  });

  it("is found out with its first number where an entry was changed, and unchecked without a policy", async () => {
    await cp(at("whole"), at("changed"), { recursive: true });
    const file = join(at("changed"), "entries", "000000000.jsonl");
    const lines = (await readFile(file, "utf8")).split("\n");
    lines[4] = (lines[4] ?? "").replace('started_at\\":\\"20', 'started_at\\":\\"19');
    await writeFile(file, lines.join("\n"));
    const broken = await verify("changed", "--json");
    expect(broken.code).toBe(2);
    expect(JSON.parse(broken.output).first).toMatchObject({ code: "LEAF_HASH_DIFFERS", seq: 5 });
    expect((await chain.pc("audit", "verify", at("whole"))).code).toBe(1);
    expect((await chain.pc("audit", "verify", at("nowhere"))).code).toBe(1);
  });
});

describe("an export by an agent", () => {
  it("takes the scope for it, and is a part in the same form without anything that opens it", async () => {
    const agent = await chain.newAgent("Auditor", "ibkr:audit:export");
    const first = await agent.call("ibkr_audit_export", { limit: 5 });
    expect(first).toMatchObject({ first_seq: 1, last_seq: 5, records: 5 });
    const next = await agent.call("ibkr_audit_export", { limit: 5, cursor: first.next_cursor });
    expect(next).toMatchObject({ first_seq: 6, last_seq: 10, origin: first.origin });
    expect(JSON.stringify([first, next])).not.toContain(chain.broker);
    const whole = await readFile(join(at("whole"), "entries", "000000000.jsonl"), "utf8");
    expect(whole.startsWith(first.payload + next.payload)).toBe(true);
  });
});
