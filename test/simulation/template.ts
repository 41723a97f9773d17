import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { defaultPolicy } from "@ibkr-edge-gateway/policy/defaults.ts";
import type { PolicyDocument } from "@ibkr-edge-gateway/policy/document.ts";
import type { Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import type { Scope } from "@ibkr-edge-gateway/protocol/scopes.ts";
import { openOwnerSession } from "../../durable-objects/account/access/session-lifecycle.ts";
import { insertPasskey } from "../../durable-objects/account/access/tables/passkeys.ts";
import { admitClient } from "../../durable-objects/account/clients/clients.ts";
import { changePolicy } from "../../durable-objects/account/orders/transactions/policy-transaction.ts";
import { switchFeature } from "../../durable-objects/account/orders/transactions/switch-feature.ts";
import { addSidecar } from "../../durable-objects/account/relay/tables/sidecars.ts";
import { migrate } from "../../durable-objects/account/schema.ts";
import { type Pairing, storePairing } from "../../sidecar/src/config/pairing-file.ts";
import { ensureConfigDir, writePrivateJson } from "../../sidecar/src/config/private-files.ts";
import { openAccountJournal } from "../../sidecar/src/journal/account-journal.ts";
import { openOrderStore } from "../../sidecar/src/orders/journal/order-store.ts";
import { orderStorePath } from "../../sidecar/src/orders/local-policy/order-settings.ts";
import { type Caps, DEFAULT_CAPS } from "../../sidecar/src/trust/limits/caps.ts";
import { enrolApprover } from "../../sidecar/src/trust/tables/approvers.ts";
import { storageOver } from "../support/sql-storage.ts";
import { scratchFolder } from "./disk.ts";
import { fixedKey, OwnerPasskey } from "./passkey.ts";

/** What every world begins with: an account with one paired PC, one owner's passkey and one agent. */
export const ORIGIN = "https://gateway.example";
export const ACCOUNT_ID = "acc_simulation";
export const START = Date.parse("2026-11-20T15:00:00.000Z");
export const CLIENT = { clientId: "client-1", grantId: "grant-1" };
export const BROKER_ACCOUNT = "DU4815162";
export const SCOPES: readonly Scope[] = [
  "ibkr:health:read",
  "ibkr:accounts:read",
  "ibkr:positions:read",
  "ibkr:orders:read",
  "ibkr:risk:read",
  "ibkr:orders:preview",
  "ibkr:approvals:create",
  "ibkr:orders:paper:submit",
  "ibkr:orders:paper:cancel",
  "ibkr:orders:paper:modify",
];
export const EDGE_KEY = fixedKey("edge").jwk;
const CAPABILITIES: Capability[] = ["broker.read", "orders.paper", "events", "chunks"];

export interface Template {
  object: Uint8Array;
  d1: Uint8Array;
  /** The PC's folder. */
  folder: string;
  pairing: Pairing;
  ownerSecret: string;
}

/** The rules of most worlds: a newcomer's, wide enough that a busy hour fits in. */
export function widePolicy(account: string): PolicyDocument {
  const policy = defaultPolicy(account, "paper");
  Object.assign(policy.clients, {
    max_orders_per_day: 500,
    max_notional_per_day: "1000000",
    max_approvals_per_hour: 500,
  });
  Object.assign(policy.cumulative, {
    max_orders_per_second: null,
    max_orders_per_minute: 60,
    max_orders_per_hour: 500,
    max_orders_per_day: 500,
    max_messages_per_minute: 500,
    max_buy_notional_per_day: "1000000",
    max_turnover_per_day: "2000000",
    max_open_orders: 100,
    max_open_notional: "100000",
    repeat_times: null,
  });
  Object.assign(policy.portfolio, {
    max_position_notional: "1000000",
    max_position_nlv_percent: null,
  });
  Object.assign(policy.order, { what_if: false, max_commission_percent: null });
  Object.assign(policy.behaviour, {
    duplicate_window_seconds: 5,
    daily_loss_soft: "1000000",
    daily_loss_hard: "1000000",
  });
  return policy;
}

/** What a tight world lets through: entries in an hour at the gateway, and in a minute at the PC. */
export const TIGHT = { perHour: 4, perMinute: 2 } as const;

export function tightPolicy(account: string): PolicyDocument {
  const policy = widePolicy(account);
  policy.cumulative.max_orders_per_hour = TIGHT.perHour;
  return policy;
}

export function tightCaps(): Caps {
  const caps = wideCaps();
  caps.paper.max_orders_per_minute = TIGHT.perMinute;
  return caps;
}

export function wideCaps(): Caps {
  const caps = structuredClone(DEFAULT_CAPS);
  Object.assign(caps.paper, {
    max_orders_per_minute: 60,
    max_orders_per_day: 1_000,
    max_daily_loss: "1000000",
  });
  return caps;
}

export function makeTemplate(): Template {
  const database = new DatabaseSync(":memory:");
  const sql = storageOver(database);
  // Of the storage, migrations use no more than these two.
  migrate({ sql, transactionSync: sql.transactionSync } as unknown as DurableObjectStorage);
  const device = fixedKey("device").jwk;
  const { sidecarId } = addSidecar(
    sql,
    {
      devicePublicKey: device.x ?? "",
      machine: "Home PC",
      version: "simulation",
      fingerprint: "six words",
      capabilities: CAPABILITIES,
    },
    START,
  );
  const phone = new OwnerPasskey(ORIGIN);
  insertPasskey(sql, {
    credentialId: phone.credentialId,
    publicKey: Buffer.from(phone.publicKey).toString("base64url"),
    counter: 0,
    transports: ["internal"],
    name: "Phone",
    backedUp: false,
    addedAt: START,
  });
  admitClient(
    sql,
    {
      ...CLIENT,
      clientName: "Agent",
      redirectHost: "agent.example",
      scopes: [...SCOPES],
      atOnce: true,
    },
    START,
  );
  const policy = widePolicy(BROKER_ACCOUNT);
  const changed = changePolicy(sql, { document: policy, basedOn: null, signed: true }, START);
  if (!changed.ok) throw new Error(`the policy is invalid at ${changed.detail}`);
  switchFeature(sql, "paper", true);
  const { secret } = openOwnerSession(sql, { source: "s", method: "passkey", label: "" }, START);
  return {
    object: database.serialize(),
    d1: d1Template(),
    ownerSecret: secret,
    ...pcTemplate(sidecarId, device, phone),
  };
}

function d1Template(): Uint8Array {
  const database = new DatabaseSync(":memory:");
  const folder = new URL("../../durable-objects/d1/migrations/", import.meta.url);
  for (const name of ["0001_audit.sql", "0004_audit_logs.sql"]) {
    database.exec(readFileSync(new URL(name, folder), "utf8"));
  }
  const image = database.serialize();
  database.close();
  return image;
}

function pcTemplate(
  sidecarId: string,
  device: Record<string, string>,
  phone: OwnerPasskey,
): { folder: string; pairing: Pairing } {
  const folder = join(scratchFolder(), "template");
  ensureConfigDir(folder);
  const pairing: Pairing = {
    gateway_origin: ORIGIN,
    relay_url: "wss://gateway.example/relay",
    account_id: ACCOUNT_ID,
    sidecar_id: sidecarId,
    edge_identity_key: EDGE_KEY.x ?? "",
    capabilities: CAPABILITIES,
    paired_at: new Date(START).toISOString(),
  };
  storePairing(folder, pairing);
  writePrivateJson(folder, "device-key.json", device);
  writePrivateJson(folder, "policy.json", { offer: CAPABILITIES, broker_accounts: null });
  writePrivateJson(folder, "caps.json", wideCaps());
  openAccountJournal(folder, pairing, () => START, null, {}).close();
  const store = openOrderStore(orderStorePath(folder, pairing));
  enrolApprover(store.db, { ...phone, label: "phone", enrolledBy: "terminal" }, START);
  store.close();
  return { folder, pairing };
}
