import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { recordsByName, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

/** One partition of `/iserver/account/pnl/partitioned` and of the `spl` stream. */
export const PnlPartition = z.looseObject({
  dpl: wire.money,
  nl: wire.money,
  upl: wire.money,
  mv: wire.money,
  // Excess liquidity, under either of two names.
  el: wire.money,
  uel: wire.money,
});
export type PnlPartition = z.output<typeof PnlPartition>;

/** By the broker's key, `U1234567.Core`. */
export type PnlPartitions = ReadonlyMap<string, PnlPartition>;

function readPartitions(value: unknown): PnlPartitions {
  return new Map(recordsByName(PnlPartition, value));
}

/** Empty until the profit-and-loss stream was subscribed to once in this session. */
export const pnlPartitioned: Ask<PnlPartitions> = {
  name: "iserver.pnl",
  path: "/iserver/account/pnl/partitioned",
  needs: "brokerage",
  pace: "pnl",
  ttlMs: 5_000,
  isCold: (partitions) => partitions.size === 0,
  decode: readWith(
    "iserver.pnl",
    z.looseObject({ upnl: z.unknown().optional() }).transform((body) => readPartitions(body.upnl)),
  ),
};
