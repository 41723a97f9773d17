import type { MarketHours } from "@ibkr-edge-gateway/simulator/market/hours-setting.ts";
import { parseGatewayAddress } from "../../sidecar/src/client-portal/address.ts";
import { Sorry } from "./say.ts";

/** What stands behind the PC of a local gateway. */
export type LocalBroker =
  | {
      readonly kind: "simulator";
      /** 0 for any free one. */
      readonly port: number;
      /** When the simulated markets are open. */
      readonly marketHours: MarketHours;
    }
  /** The owner's own Client Portal Gateway, at this origin. */
  | { readonly kind: "own"; readonly clientPortal: string };

/**
 * The origin in `--client-portal <url>`.
 * @throws Sorry for what is no address on this machine.
 */
export function ownClientPortal(text: string): string {
  try {
    return parseGatewayAddress(text).origin;
  } catch (error) {
    if (error instanceof Error) throw new Sorry(`--client-portal ${text}: ${error.message}`);
    throw error;
  }
}

/** How the PC of a local gateway is called in what is said of it. */
export function pcName(kind: LocalBroker["kind"]): string {
  return kind === "simulator" ? "The simulator's PC" : "This PC";
}

/** What the first start with the owner's own broker says before anything else. */
export function whatDiffers(dataDir: string): string[] {
  return [
    "Local mode: this gateway works with your own broker login. No cloud is involved.",
    "It differs from a deployed gateway:",
    "- Only programs on this computer can connect. Web clients and your phone cannot.",
    "- It works while this terminal is open. Ctrl-C ends it; what it knows is kept.",
    `- Keys, audit log and orders are all in ${dataDir}, apart from the demo's. There is no`,
    "  second place: whoever controls this computer controls the gateway and the PC's checks.",
    "- A passkey that you add here is for localhost and works on this computer alone.",
    "The rest is the same: orders are off until you switch them on, paper and live apart, and",
    "each one needs your approval.",
  ];
}
