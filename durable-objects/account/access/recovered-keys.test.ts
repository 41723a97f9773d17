import { expect, it } from "vitest";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import type { PasskeyView } from "../rpc/account-types.ts";
import { keysForPc, noteRecoveredKeys } from "./recovered-keys.ts";
import { storeSetting } from "./tables/owner-settings.ts";

const DAY_MS = 24 * 3_600_000;
const key = (credentialId: string): PasskeyView => ({
  credentialId,
  publicKey: "AA",
  transports: [],
  name: credentialId,
  backedUp: false,
  addedAt: "2026-11-20T15:00:00.000Z",
  lastUsedAt: null,
});

it("no PC is told of a passkey of a recovery session before a day is over", () => {
  const sql = sqlStorage();
  sql.exec("CREATE TABLE owner_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL)");
  storeSetting(sql, "token_sign_in", "on");
  const [old, made] = [key("old"), key("made")];
  noteRecoveredKeys(sql, [old], [old, made], 1_000);
  const told = (nowMs: number) =>
    keysForPc(sql, [old, made], nowMs).map(({ credentialId }) => credentialId);
  expect(told(1_000)).toEqual(["old"]);
  expect(told(1_000 + DAY_MS - 1)).toEqual(["old"]);
  expect(told(1_000 + DAY_MS)).toEqual(["old", "made"]);
});
