import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { toRecord, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

export interface AllocationSlice {
  name: string;
  long: string | null;
  short: string | null;
}

const slices = z
  .unknown()
  .optional()
  .transform((value): AllocationSlice[] => {
    const long = toRecord(toRecord(value)?.long) ?? {};
    const short = toRecord(toRecord(value)?.short) ?? {};
    return [...new Set([...Object.keys(long), ...Object.keys(short)])].sort().map((name) => ({
      name,
      long: wire.money.parse(long[name]),
      short: wire.money.parse(short[name]),
    }));
  });

const Allocation = z.looseObject({ assetClass: slices, sector: slices, group: slices });
export type Allocation = z.output<typeof Allocation>;

export function allocationOf(accountId: string): Ask<Allocation> {
  return {
    name: "portfolio.allocation",
    path: `/portfolio/${accountId}/allocation`,
    needs: "sso",
    ttlMs: 30_000,
    decode: readWith("portfolio.allocation", Allocation),
  };
}
