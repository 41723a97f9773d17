import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

/** How many units of `target` one unit of `source` is worth. */
export function exchangeRate(source: string, target: string): Ask<{ rate: string | null }> {
  return {
    name: "iserver.exchangerate",
    path: "/iserver/exchangerate",
    query: { source, target },
    needs: "brokerage",
    ttlMs: 30_000,
    decode: readWith("iserver.exchangerate", z.looseObject({ rate: wire.rate })),
    onRefused: () =>
      new GatewayError(
        failure("INPUT_INVALID", "The broker has no rate for this pair of currencies."),
      ),
  };
}
