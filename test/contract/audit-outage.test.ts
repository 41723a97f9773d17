import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  AUDIT_BACKLOG_MAX_ROWS,
  AUDIT_SHIP_MAX_ROWS,
} from "../../durable-objects/account/audit/outbox.ts";
import { Browser } from "../../scripts/lib/browser.ts";
import { signIn } from "../../scripts/lib/oauth-client.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

/**
 * D1 away, with more waiting than may wait; and D1 back. In real workerd, with the real alarm.
 */
let gateway: Gateway;
let accountId: string;
beforeAll(async () => {
  gateway = await startGateway();
  await signIn(new Browser(gateway.url), gateway.secrets.OWNER_TOKEN);
  const account = await (await gateway.d1()).prepare("SELECT id FROM accounts").first<string>("id");
  if (account === null) throw new Error("signing in made no account");
  accountId = account;
});
afterAll(() => gateway.close());

const inObject = (query: string) =>
  gateway.sql<Record<string, string | number>>("Account", accountId, query);
const one = async (query: string) => Number(Object.values((await inObject(query))[0] ?? {})[0]);
const waiting = () =>
  one("SELECT (SELECT MAX(seq) FROM audit_log) - shipped_seq FROM audit_outbox");

/** Anything that is written to the log sets the alarm. */
const refusedSignIn = () =>
  expect(signIn(new Browser(gateway.url), "x".repeat(32))).rejects.toThrow("refused");

const moveD1 = async (from: string, to: string) =>
  (await gateway.d1()).prepare(`ALTER TABLE ${from} RENAME TO ${to}`).run();

describe("an outage of the audit log's copy", () => {
  it("stops trading once, and not again while the backlog is copied after the owner lifted it", async () => {
    await inObject(
      "INSERT INTO order_features (mode, enabled, checklist) VALUES ('paper', 1, '{}')",
    );
    await moveD1("audit_events", "audit_events_away");
    const rows = AUDIT_BACKLOG_MAX_ROWS + 8 * AUDIT_SHIP_MAX_ROWS;
    await inObject(`
      INSERT INTO audit_log (seq, nodes, event, appended_at)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      SELECT (SELECT MAX(seq) FROM audit_log) + i, randomblob(640), '{"type":"filled"}', ${Date.now()}
      FROM n`);
    await refusedSignIn();
    await vi.waitFor(async () => expect(await one("SELECT COUNT(*) FROM order_kills")).toBe(1), {
      timeout: 15_000,
      interval: 100,
    });
    // What lifting leaves behind; the owner's own way there is tested elsewhere.
    await inObject("DELETE FROM order_kills");
    await moveD1("audit_events_away", "audit_events");
    await refusedSignIn();
    await vi.waitFor(async () => expect(await waiting()).toBe(0), {
      timeout: 60_000,
      interval: 200,
    });
    expect(await one("SELECT COUNT(*) FROM order_kills")).toBe(0);
    expect(await inObject("SELECT cause, subject FROM order_stops")).toEqual([
      { cause: "audit_backlog", subject: "" },
    ]);
    expect(await one("SELECT COUNT(*) FROM order_alerts")).toBe(1);
    const leaves = "SELECT COUNT(*) FROM audit_log WHERE event LIKE '%\"kill.engaged\"%'";
    expect(await one(leaves)).toBe(1);
    expect(await inObject("SELECT outage_since FROM audit_outbox")).toEqual([
      { outage_since: null },
    ]);
  });
});
