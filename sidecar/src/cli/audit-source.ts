import type { AskedRange } from "@ibkr-edge-gateway/evidence/export/asked-range.ts";
import { ExportPart } from "@ibkr-edge-gateway/evidence/export/export-part.ts";
import type { ExportSource } from "@ibkr-edge-gateway/evidence/export/write-export.ts";
import {
  PcArrivedAnswer,
  type PcArrivedRequest,
  type PcExportRequest,
} from "@ibkr-edge-gateway/protocol/audit/export-query.ts";
import { askGateway, claimsOf, pairedPc, TooManyRequests } from "./ask-gateway.ts";

/** How often an export waits for the gateway's limit on requests before it gives up. */
const WAITS_MAX = 10;
const NO_HEAD =
  "the gateway has not signed this log yet; is EVIDENCE_KEY set there? Try again in a minute";

/** The gateway as this PC asks it: each part with a token of its own by the device key. */
export function pcSource(configDir: string, range: AskedRange): ExportSource {
  const { pairing, key } = pairedPc(configDir);
  const { gateway_origin: origin, account_id, sidecar_id } = pairing;
  return {
    async part(asked) {
      const query = {
        ...range,
        ...(asked.fromIndex === null ? {} : { fromIndex: asked.fromIndex }),
        ...(asked.toIndex === null ? {} : { toIndex: asked.toIndex }),
      };
      const begins = asked.fromIndex === null;
      return patiently(async () => {
        const token = await key.auditExportToken(claimsOf(pairing));
        const request: PcExportRequest = { account_id, sidecar_id, token, query, begins };
        return askGateway({ origin, path: "/audit-export" }, request, {
          statuses: [200],
          answer: ExportPart,
          says: { 404: NO_HEAD },
        });
      });
    },
  };
}

/** Tells the gateway that a range lies here, with its hash; whether it is what stands there. */
export async function tellArrived(
  configDir: string,
  arrived: PcArrivedRequest["arrived"],
): Promise<boolean> {
  const { pairing, key } = pairedPc(configDir);
  const { gateway_origin: origin, account_id, sidecar_id } = pairing;
  const { noted } = await patiently(async () => {
    const token = await key.auditExportToken(claimsOf(pairing));
    const request: PcArrivedRequest = { account_id, sidecar_id, token, arrived };
    return askGateway({ origin, path: "/audit-export" }, request, {
      statuses: [200],
      answer: PcArrivedAnswer,
      says: { 400: "it is older than this program" },
    });
  });
  return noted;
}

/** Asks again where the gateway says to wait, so many times. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let waits = 0; ; waits += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TooManyRequests) || waits >= WAITS_MAX) throw error;
      process.stderr.write(`The gateway asks to wait ${error.seconds} s.\n`);
      await new Promise((resolve) => setTimeout(resolve, error.seconds * 1_000));
    }
  }
}
