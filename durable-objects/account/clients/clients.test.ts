import { ALL_SCOPES, type Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { describe, expect, it } from "vitest";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { SPENT_TOKENS_SCHEMA } from "../access/tables/schema.ts";
import type { ClientAdmission, ClientPage, Principal } from "../rpc/account-types.ts";
import {
  admitClient,
  changeClient,
  clientStanding,
  pruneClients,
  READ_ONLY_FIRST_MS,
  readmitExternal,
  revokeAllClients,
  revokeClient,
  takeExternalToken,
} from "./clients.ts";
import { CLIENTS_LISTED, clientPage, connectedClient } from "./list-clients.ts";
import { revokeGrant } from "./tables/grants.ts";
import { CLIENTS_GROWTH_SCHEMA, CLIENTS_SCHEMA, GRANTS_SCHEMA } from "./tables/schema.ts";

const fresh = () =>
  sqlStorage(CLIENTS_SCHEMA, GRANTS_SCHEMA, SPENT_TOKENS_SCHEMA, CLIENTS_GROWTH_SCHEMA);
const T0 = 1_000_000;

const admission = (more: Partial<ClientAdmission> = {}): ClientAdmission => ({
  clientId: "c",
  grantId: "g1",
  clientName: "Client",
  redirectHost: "client.example",
  scopes: ["ibkr:health:read", "ibkr:orders:preview", "ibkr:orders:paper:submit"],
  atOnce: false,
  ...more,
});

const principal = (more: Partial<Principal> = {}): Principal => ({
  accountId: "a",
  clientId: "c",
  grantId: "g1",
  scopes: [...ALL_SCOPES],
  ...more,
});

const external = (tokenId: string | null): Principal =>
  principal({
    clientId: "ext:https://id.example#bot",
    grantId: null,
    external: { clientName: "bot", issuer: "https://id.example", tokenId },
  });

describe("a client's standing", () => {
  it("is that of its own grant: another's, an unknown one or none is nothing", () => {
    const sql = fresh();
    admitClient(sql, admission(), T0);
    admitClient(sql, admission({ clientId: "d", grantId: "g2" }), T0);
    expect(clientStanding(sql, principal(), "ibkr:health:read", T0).ok).toBe(true);
    for (const grantId of ["g2", "g9", null]) {
      expect(clientStanding(sql, principal({ grantId }), "ibkr:health:read", T0).ok).toBe(false);
    }
  });

  it("ends with its client, and its old grants stay dead when the client comes back", () => {
    const sql = fresh();
    admitClient(sql, admission(), T0);
    expect(revokeClient(sql, "c", T0)).toBe(true);
    expect(revokeClient(sql, "c", T0)).toBe(false);
    expect(clientStanding(sql, principal(), "ibkr:health:read", T0).ok).toBe(false);
    admitClient(sql, admission({ grantId: "g3" }), T0);
    expect(clientStanding(sql, principal(), "ibkr:health:read", T0).ok).toBe(false);
    expect(clientStanding(sql, principal({ grantId: "g3" }), "ibkr:health:read", T0).ok).toBe(true);
    expect(revokeGrant(sql, "g3")).toBe("c");
    expect(clientStanding(sql, principal({ grantId: "g3" }), "ibkr:health:read", T0).ok).toBe(
      false,
    );
  });

  it("all go at once", () => {
    const sql = fresh();
    admitClient(sql, admission(), T0);
    admitClient(sql, admission({ clientId: "d", grantId: "g2" }), T0);
    expect(revokeAllClients(sql, T0).sort()).toEqual(["c", "d"]);
    expect(clientPage(sql, "active", null).clients).toEqual([]);
    expect(clientStanding(sql, principal(), null, T0).ok).toBe(false);
  });

  it("is to read for its first hour, to the millisecond", () => {
    const sql = fresh();
    admitClient(sql, admission(), T0);
    const ask = (at: number) => clientStanding(sql, principal(), "ibkr:orders:preview", at);
    expect(ask(T0 + READ_ONLY_FIRST_MS - 1)).toMatchObject({
      ok: false,
      failure: { code: "CLIENT_READ_ONLY_YET", retryable: true, retry_after_ms: 1 },
    });
    expect(ask(T0 + READ_ONLY_FIRST_MS).ok).toBe(true);
    expect(clientStanding(sql, principal(), "ibkr:health:read", T0).ok).toBe(true);
  });

  it("lets it stop all trading from its first moment, with the scope for it, and do no more", () => {
    const sql = fresh();
    admitClient(sql, admission(), T0);
    const ask = (operation: string) =>
      clientStanding(sql, principal(), "ibkr:orders:preview", T0, { operation });
    expect(ask("trade.kill").ok).toBe(true);
    for (const other of ["trade.preview", "trade.ask", "trade.submit", "trade.kill_status"]) {
      expect(ask(other)).toMatchObject({ failure: { code: "CLIENT_READ_ONLY_YET" } });
    }
    changeClient(sql, {
      clientId: "c",
      scopes: ["ibkr:health:read"],
      accounts: null,
      atOnce: false,
    });
    expect(ask("trade.kill")).toMatchObject({ failure: { code: "AUTH_MISSING_SCOPE" } });
    revokeClient(sql, "c", T0);
    expect(ask("trade.kill")).toMatchObject({ failure: { code: "AUTH_TOKEN_INVALID" } });
  });

  it("is what the owner gives it by now, be it less or more than was consented to", () => {
    const sql = fresh();
    admitClient(sql, admission({ atOnce: true }), T0);
    const change = (scopes: string[], accounts: string[] | null = null) =>
      changeClient(sql, { clientId: "c", scopes, accounts, atOnce: false })?.before ?? null;
    expect(change(["ibkr:health:read", "ibkr:orders:live:submit", "admin"], ["U1"])).toEqual([
      "ibkr:health:read",
      "ibkr:orders:paper:submit",
      "ibkr:orders:preview",
    ]);
    expect(clientStanding(sql, principal(), "ibkr:orders:preview", T0)).toMatchObject({
      ok: false,
      failure: { code: "AUTH_MISSING_SCOPE" },
    });
    expect(clientStanding(sql, principal(), "ibkr:orders:live:submit", T0).ok).toBe(true);
    expect(clientStanding(sql, principal(), "ibkr:health:read", T0)).toMatchObject({
      standing: { accounts: ["U1"], scopes: ["ibkr:health:read", "ibkr:orders:live:submit"] },
    });
    expect(change(["ibkr:orders:paper:submit"])).not.toBeNull();
    // N10: whoever may submit may see what became of it.
    expect(clientStanding(sql, principal(), "ibkr:orders:read", T0).ok).toBe(true);
    expect(clientStanding(sql, principal(), "ibkr:health:read", T0).ok).toBe(false);
    revokeClient(sql, "c", T0);
    expect(change(["ibkr:health:read"])).toBeNull();
  });

  it("is no more than its token says of itself, whatever the owner gives", () => {
    const sql = fresh();
    admitClient(sql, admission({ atOnce: true }), T0);
    const within = ["ibkr:health:read", "ibkr:orders:read"];
    const ask = (needs: Scope) => clientStanding(sql, principal({ within }), needs, T0).ok;
    expect([ask("ibkr:health:read"), ask("ibkr:orders:preview")]).toEqual([true, false]);
    // A broader scope of the grant does for the narrower one that the token names.
    expect(ask("ibkr:orders:read")).toBe(true);
    expect(ask("ibkr:orders:paper:submit")).toBe(false);
    const foreign = { ...external("t1"), scopes: ["ibkr:health:read"] };
    expect(clientStanding(sql, foreign, "ibkr:health:read", T0).ok).toBe(true);
    expect(clientStanding(sql, foreign, "ibkr:audit:read", T0).ok).toBe(false);
  });

  it("ends in every connection but the one that stays, where the owner says so, and in no other client's", () => {
    const sql = fresh();
    for (const grantId of ["g1", "g2", "g3"]) admitClient(sql, admission({ grantId }), T0);
    admitClient(sql, admission({ clientId: "d", grantId: "d1" }), T0);
    const in_ = (clientId: string) =>
      connectedClient(sql, clientId)?.connections.map(({ grantId }) => grantId);
    const change = { clientId: "c", scopes: [...ALL_SCOPES], accounts: null, atOnce: true };
    expect(changeClient(sql, change)?.ended).toBe(0);
    expect(in_("c")).toEqual(["g1", "g2", "g3"]);
    expect(changeClient(sql, { ...change, keepOnly: "g2" })?.ended).toBe(2);
    expect(in_("c")).toEqual(["g2"]);
    expect(admitClient(sql, admission({ grantId: "g4", endsOthers: true }), T0)).toEqual({
      ended: 1,
    });
    for (const grantId of ["g1", "g2", "g3", "g4"]) {
      const found = clientStanding(sql, principal({ grantId }), "ibkr:health:read", T0);
      expect([grantId, found.ok]).toEqual([grantId, grantId === "g4"]);
    }
    expect(in_("d")).toEqual(["d1"]);
  });

  it("that its own token narrows says to sign in again", () => {
    const sql = fresh();
    admitClient(sql, admission({ atOnce: true, scopes: [...ALL_SCOPES] }), T0);
    const narrowed = principal({ within: ["ibkr:health:read"] });
    expect(clientStanding(sql, narrowed, "ibkr:audit:read", T0, { link: "l" })).toMatchObject({
      failure: { user_action: expect.stringContaining("sign in again") },
    });
  });

  it("says where the owner allows what it lacks", () => {
    const sql = fresh();
    admitClient(sql, admission({ atOnce: true, scopes: ["ibkr:health:read"] }), T0);
    const link = "https://gateway.example/clients/access?id=c";
    const failureOf = (needs: Scope) => {
      const found = clientStanding(sql, principal(), needs, T0, { link });
      return found.ok ? null : found.failure;
    };
    expect(failureOf("ibkr:orders:preview")?.message).toContain("'Read and prepare orders'");
    expect(failureOf("ibkr:orders:preview")?.user_action).toContain(link);
    expect(failureOf("ibkr:audit:read")?.message).toContain("permission to: Read the log");
  });

  it("comes with the broker accounts that were chosen when it was let in", () => {
    const sql = fresh();
    const accountsAfter = (more: Partial<ClientAdmission>) => {
      admitClient(sql, admission(more), T0);
      return clientPage(sql, "active", null).clients[0]?.accounts;
    };
    expect(accountsAfter({ accounts: ["U2", "U1"] })).toEqual(["U1", "U2"]);
    expect(accountsAfter({ grantId: "g2" })).toEqual(["U1", "U2"]);
    expect(accountsAfter({ grantId: "g3", accounts: [] })).toEqual([]);
    expect(accountsAfter({ grantId: "g4", accounts: null })).toBeNull();
  });

  it("a client that comes back is limited as before while it was in, and anew after it was out", () => {
    const sql = fresh();
    admitClient(sql, admission(), T0);
    changeClient(sql, { clientId: "c", scopes: [], accounts: ["U1"], atOnce: true });
    admitClient(sql, admission({ grantId: "g2" }), T0 + 5);
    expect(clientPage(sql, "active", null).clients[0]).toMatchObject({
      accounts: ["U1"],
      readOnlyUntil: null,
    });
    revokeClient(sql, "c", T0);
    admitClient(sql, admission({ grantId: "g3" }), T0 + 10);
    expect(clientPage(sql, "active", null).clients[0]).toMatchObject({
      accounts: null,
      readOnlyUntil: new Date(T0 + 10 + READ_ONLY_FIRST_MS).toISOString(),
    });
  });
});

describe("a client of another issuer", () => {
  it("is let in by its token, reads for its first hour, and can be thrown out", () => {
    const sql = fresh();
    expect(clientStanding(sql, external("t1"), "ibkr:health:read", T0).ok).toBe(true);
    expect(clientStanding(sql, external("t1"), "ibkr:orders:paper:submit", T0)).toMatchObject({
      failure: { code: "CLIENT_READ_ONLY_YET" },
    });
    revokeClient(sql, "ext:https://id.example#bot", T0);
    expect(clientStanding(sql, external("t2"), "ibkr:health:read", T0).ok).toBe(false);
    expect(readmitExternal(sql, "ext:https://id.example#bot", T0)).toBe(true);
    expect(readmitExternal(sql, "ext:https://id.example#bot", T0)).toBe(false);
    expect(clientStanding(sql, external("t2"), "ibkr:health:read", T0).ok).toBe(true);
    admitClient(sql, admission(), T0);
    revokeClient(sql, "c", T0);
    expect(readmitExternal(sql, "c", T0)).toBe(false);
  });

  it("cannot be one of our own clients by calling itself so", () => {
    const sql = fresh();
    admitClient(sql, admission(), T0);
    const impostor = { ...external("t1"), clientId: "c" };
    expect(clientStanding(sql, impostor, "ibkr:health:read", T0).ok).toBe(false);
  });

  it("may use a token for an order once; for reads as often as it likes", () => {
    const sql = fresh();
    const take = (who: Principal, scope: "ibkr:health:read" | "ibkr:orders:live:submit") =>
      takeExternalToken(sql, { principal: who, scope }, T0)?.code ?? null;
    expect([
      take(external("t1"), "ibkr:health:read"),
      take(external("t1"), "ibkr:health:read"),
    ]).toEqual([null, null]);
    expect(take(external("t1"), "ibkr:orders:live:submit")).toBeNull();
    expect(take(external("t1"), "ibkr:orders:live:submit")).toBe("AUTH_TOKEN_INVALID");
    expect(take(external("t2"), "ibkr:orders:live:submit")).toBeNull();
    expect(take(external(null), "ibkr:orders:live:submit")).toBe("AUTH_TOKEN_INVALID");
    expect(take(principal(), "ibkr:orders:live:submit")).toBeNull();
  });
});

describe("the list of clients", () => {
  const DAY_MS = 86_400_000;

  it("comes in pages, each client once, the latest let in first", () => {
    const sql = fresh();
    const all = CLIENTS_LISTED * 2 + 3;
    for (let n = 0; n < all; n += 1) {
      // Several are let in in the same millisecond.
      admitClient(sql, admission({ clientId: `c-${n}`, grantId: `g-${n}` }), T0 + (n >> 3));
    }
    const seen: string[] = [];
    const sizes: number[] = [];
    let from: string | null = null;
    do {
      const { clients, next }: ClientPage = clientPage(sql, "active", from);
      seen.push(...clients.map(({ clientId }) => clientId));
      sizes.push(clients.length);
      from = next;
    } while (from !== null);
    expect(sizes).toEqual([CLIENTS_LISTED, CLIENTS_LISTED, 3]);
    expect(new Set(seen).size).toBe(all);
    const admitted = seen.map((id) => connectedClient(sql, id)?.admittedAt ?? "");
    expect(admitted).toEqual(admitted.toSorted().toReversed());
    // What is no place begins at the beginning.
    expect(clientPage(sql, "active", "x").clients[0]?.clientId).toBe(seen[0]);
  });

  it("forgets what was withdrawn half a year ago, and no token works again by that", () => {
    const sql = fresh();
    admitClient(sql, admission(), T0);
    admitClient(sql, admission({ clientId: "d", grantId: "g2" }), T0);
    clientStanding(sql, external("t1"), "ibkr:health:read", T0);
    for (const id of ["c", "ext:https://id.example#bot"]) revokeClient(sql, id, T0);
    pruneClients(sql, T0 + 180 * DAY_MS);
    expect(connectedClient(sql, "c")).not.toBeNull();
    pruneClients(sql, T0 + 181 * DAY_MS);
    expect(connectedClient(sql, "c")).toBeNull();
    expect(clientStanding(sql, principal(), "ibkr:health:read", T0).ok).toBe(false);
    // Its own grant is gone with it: to be let in again is to be let in anew.
    admitClient(sql, admission({ grantId: "g3" }), T0);
    expect(clientStanding(sql, principal(), "ibkr:health:read", T0).ok).toBe(false);
    expect(connectedClient(sql, "d")?.connections).toHaveLength(1);
    // One of another issuer would let itself in again if it were forgotten.
    expect(clientStanding(sql, external("t2"), "ibkr:health:read", T0).ok).toBe(false);
  });
});
