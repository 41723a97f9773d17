import type { PageSettings } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import type { Pairing } from "../config/pairing-file.ts";

type Whose = Pick<Pairing, "gateway_origin" | "account_id" | "sidecar_id">;

/** What stands in the page on a static host. `pcKey` is the ticket key, base64url. */
export function hostedPageSettings(pairing: Whose, pcKey: string, host: string): PageSettings {
  return {
    v: 1,
    edge: new URL(pairing.gateway_origin).origin,
    gateway_account_id: pairing.account_id,
    sidecar_id: pairing.sidecar_id,
    pc_key: pcKey,
    pc_name: nameOf(host),
  };
}

/** What stands in the page that this PC serves itself: it speaks to the PC alone. */
export const approvalPageSettings = (
  pairing: Whose,
  pcKey: string,
  host: string,
): PageSettings => ({
  ...hostedPageSettings(pairing, pcKey, host),
  edge: "",
});

/** This machine's name as people know it, without what a screen could be fooled by. */
export function nameOf(host: string): string {
  const name = (host.split(".")[0] ?? "").replace(/[^\p{L}\p{N} _-]/gu, "").slice(0, 64);
  return name === "" ? "PC" : name;
}
