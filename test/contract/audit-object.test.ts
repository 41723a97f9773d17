import { completedBy, type TreeNodes, treeRoot } from "@ibkr-edge-gateway/evidence/merkle/nodes.ts";
import { AuditEvent } from "@ibkr-edge-gateway/protocol/audit/event.ts";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { auditLeaf } from "../../durable-objects/account/audit/leaf.ts";
import { Browser } from "../../scripts/lib/browser.ts";
import { signIn } from "../../scripts/lib/oauth-client.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";

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

interface Row {
  [column: string]: string | number;
  seq: number;
  leaf_hash: string;
  event: string;
}

function inObject(): Promise<Row[]> {
  return gateway.sql<Row>(
    "Account",
    accountId,
    "SELECT seq, lower(hex(substr(nodes, 1, 32))) AS leaf_hash, event FROM audit_log ORDER BY seq",
  );
}

async function inD1(): Promise<Row[]> {
  const { results } = await (await gateway.d1())
    .prepare("SELECT seq, leaf_hash, event FROM audit_events WHERE account_id = ?1 ORDER BY seq")
    .bind(accountId)
    .all<Row>();
  return results;
}

const untilShipped = async () => {
  const expected = await inObject();
  await vi.waitFor(async () => expect(await inD1()).toEqual(expected), {
    timeout: 10_000,
    interval: 100,
  });
  return expected;
};

/** The Merkle tree over leaves, as whoever reads the copy makes it. */
const treeOf = (completed: Uint8Array[][]): TreeNodes => ({
  node: (level, index) => {
    const node = completed[(index + 1) * 2 ** level - 1]?.[level];
    if (node === undefined) throw new RangeError("no such node");
    return node;
  },
});
function treeOver(leaves: Uint8Array[]): TreeNodes {
  const completed: Uint8Array[][] = [];
  for (const [at, leaf] of leaves.entries()) {
    completed.push(completedBy(leaf, at + 1, treeOf(completed)));
  }
  return treeOf(completed);
}

async function refusedSignIn(): Promise<void> {
  await expect(signIn(new Browser(gateway.url), "x".repeat(32))).rejects.toThrow("refused");
}

describe("the audit log of a real account object", () => {
  it("reaches D1 by the alarm, event for event what the object holds", async () => {
    await refusedSignIn();
    const rows = await untilShipped();
    expect(rows.map(({ event }) => JSON.parse(event).type)).toEqual([
      "owner.signed_in",
      "owner.sign_in_refused",
    ]);
  });

  it("can be recomputed by anyone from what D1 holds", async () => {
    for (const { seq, leaf_hash, event } of await untilShipped()) {
      const parsed = AuditEvent.parse(JSON.parse(event));
      expect(bytesToHex(auditLeaf(accountId, seq, parsed))).toBe(leaf_hash);
    }
  });

  it("loses nothing when the object is thrown out of memory before it was copied", async () => {
    const before = (await inObject()).length;
    await refusedSignIn();
    await gateway.evict(accountId, "close");
    expect(await inObject()).toHaveLength(before + 1);
    await untilShipped();
  });

  it("goes on counting, and catches up, while D1 does not take it", async () => {
    const d1 = await gateway.d1();
    await untilShipped();
    const before = (await inObject()).length;
    await d1.prepare("ALTER TABLE audit_events RENAME TO audit_events_away").run();
    try {
      for (let n = 0; n < 3; n++) await refusedSignIn();
      await vi.waitFor(
        async () => {
          const [outbox] = await gateway.sql(
            "Account",
            accountId,
            "SELECT failures FROM audit_outbox",
          );
          expect(outbox?.failures).toBeGreaterThan(0);
        },
        { timeout: 10_000, interval: 100 },
      );
    } finally {
      await d1.prepare("ALTER TABLE audit_events_away RENAME TO audit_events").run();
    }
    const rows = await untilShipped();
    expect(rows.map(({ seq }) => seq)).toEqual(
      Array.from({ length: before + 3 }, (_, at) => at + 1),
    );
  });

  it("(i) shows at the next event that the last ones of the copy were deleted, and copies nothing over the hole", async () => {
    const d1 = await gateway.d1();
    const whole = await untilShipped();
    // Whoever controls the database can take its guards away first.
    const guard = await d1
      .prepare("SELECT sql FROM sqlite_master WHERE name = 'audit_events_no_delete'")
      .first<string>("sql");
    await d1.prepare("DROP TRIGGER audit_events_no_delete").run();
    const lost = whole.slice(-2);
    await d1
      .prepare("DELETE FROM audit_events WHERE account_id = ?1 AND seq >= ?2")
      .bind(accountId, lost[0]?.seq ?? 0)
      .run();
    // The copy's own root is not the log's any more: its length alone gives it away.
    const rootOf = (rows: Row[]) => {
      const leaves = rows.map(({ leaf_hash }) => hexToBytes(leaf_hash));
      return bytesToHex(treeRoot(rows.length, treeOver(leaves)));
    };
    expect(rootOf(await inD1())).not.toBe(rootOf(whole));
    await refusedSignIn();
    const outbox = async () =>
      (
        await gateway.sql<{ failures: number; last_error: string | null }>(
          "Account",
          accountId,
          "SELECT failures, last_error FROM audit_outbox",
        )
      )[0];
    await vi.waitFor(async () => expect((await outbox())?.failures).toBeGreaterThan(0), {
      timeout: 10_000,
      interval: 100,
    });
    expect((await outbox())?.last_error).toContain("an event is missing before this one");
    // The very same events are taken back; after that the copy goes on by itself.
    for (const { seq, leaf_hash, event } of lost) {
      await d1
        .prepare("INSERT INTO audit_events (account_id, seq, leaf_hash, event) VALUES (?, ?, ?, ?)")
        .bind(accountId, seq, leaf_hash, event)
        .run();
    }
    await d1.prepare(guard ?? "").run();
    await untilShipped();
  });

  it("holds no token, cookie or address of those who came", async () => {
    const text = JSON.stringify(await inObject());
    expect(text).not.toContain(gateway.secrets.OWNER_TOKEN);
    expect(text).not.toContain("127.0.0.1");
    expect(text).not.toMatch(/cookie|bearer/i);
  });
});
