import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { rows, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

const Notice = z.looseObject({
  ID: wire.id,
  R: wire.flag,
  /** Written as seconds with a fraction; read as milliseconds since the epoch. */
  D: wire.seconds,
  MS: wire.text,
  MD: wire.text,
  FC: wire.text,
});
export type Notice = z.output<typeof Notice>;

export function notices(max: number): Ask<Notice[]> {
  return {
    name: "fyi.notifications",
    path: "/fyi/notifications",
    query: { max: String(max) },
    needs: "sso",
    pace: "fyi",
    ttlMs: 30_000,
    decode: readWith("fyi.notifications", rows(Notice)),
    onEmpty: () => [],
  };
}

/** Asked more than once in five minutes it is refused with 423. */
export const unreadNotices: Ask<{ BN: number | null }> = {
  name: "fyi.unread",
  path: "/fyi/unreadnumber",
  needs: "sso",
  pace: "fyi_unread",
  ttlMs: 6 * 60_000,
  decode: readWith("fyi.unread", z.looseObject({ BN: wire.count })),
};
