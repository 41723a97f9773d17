import { createHash } from "node:crypto";
import { join } from "node:path";
import type { FuturesOperator } from "@ibkr-edge-gateway/protocol/orders/broker-body.ts";
import * as z from "zod";
import type { Pairing } from "../../config/pairing-file.ts";
import { readPrivateJson } from "../../config/private-files.ts";
import { type OwnersFile, readOwnersFile } from "../../config/torn-file.ts";

/** Where the owner's word about orders stands on this PC. */
export const capsPath = (configDir: string): string => join(configDir, "caps.json");
export const killSwitchPath = (configDir: string): string => join(configDir, "kill-switch.json");

/** One store per gateway account, like the relay's journal: approvers of one are none of another. */
export function orderStorePath(
  configDir: string,
  pairing: Pick<Pairing, "gateway_origin" | "account_id" | "sidecar_id">,
): string {
  const whose = createHash("sha256")
    .update(`${pairing.gateway_origin}\n${pairing.account_id}\n${pairing.sidecar_id}`)
    .digest("hex")
    .slice(0, 12);
  return join(configDir, `orders-${whose}.sqlite`);
}

const FILE = "orders.json";

export const OrderSettings = z.strictObject({
  v: z.literal(1),
  /** Futures orders must say who operates; null refuses them. */
  futures_operator: z
    .strictObject({ manual_indicator: z.boolean(), ext_operator: z.string().min(1).max(40) })
    .nullable(),
  /** Where alerts go besides the gateway; either may be null. */
  alerts: z.strictObject({
    /** Gets a JSON POST. */
    webhook_url: z.url({ protocol: /^https?$/ }).nullable(),
    /** A topic's address, e.g. `https://ntfy.sh/my-secret-topic`; gets text. */
    ntfy_url: z.url({ protocol: /^https?$/ }).nullable(),
  }),
});
export type OrderSettings = z.infer<typeof OrderSettings>;

const DEFAULTS: OrderSettings = {
  v: 1,
  futures_operator: null,
  alerts: { webhook_url: null, ntfy_url: null },
};

/** The settings of `orders.json`; @throws UsageError when the file is wrong. */
export function loadOrderSettings(configDir: string): OrderSettings {
  return readPrivateJson(configDir, FILE, OrderSettings) ?? DEFAULTS;
}

/**
 * The same for a PC that is started: a file that is wrong leaves what it held last, and is said with
 * every order that may open a position, until it is mended and this PC started anew.
 */
export function orderSettingsAtStart(configDir: string): OwnersFile<OrderSettings> {
  const read = readOwnersFile(configDir, {
    name: FILE,
    schema: OrderSettings,
    load: () => loadOrderSettings(configDir),
    otherwise: DEFAULTS,
  });
  return read.fault === null
    ? read
    : { ...read, fault: `${read.fault}; it is read when this PC's sidecar is started` };
}

export function futuresOperator(settings: OrderSettings): FuturesOperator | null {
  return settings.futures_operator;
}
