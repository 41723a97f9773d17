import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aTicket } from "../../../test/support/orders.ts";
import { intentHash, intentOf } from "../orders/intent.ts";
import { Ticket } from "../orders/ticket.ts";
import { parseCarrying, readNewer } from "./read-newer-version.ts";

/** A copy with one member more in the object at `path`. */
function withMember(told: unknown, path: readonly (string | number)[], name: string): unknown {
  const copy: unknown = structuredClone(told);
  let at: unknown = copy;
  for (const step of path) at = Object(at)[step];
  Object.assign(Object(at), { [name]: { deep: [1] } });
  return copy;
}

/** Where a ticket has objects. */
const PLACES = [[], ["order"], ["order", "legs", 0], ["order", "legs", 0, "contract"]] as const;

describe("an answer of a newer end", () => {
  it("is read without what is not known, which is named", () => {
    const ticket = aTicket();
    for (const place of PLACES) {
      const read = readNewer(Ticket, withMember(ticket, place, "novelty"));
      expect(read).toEqual({
        ok: true,
        value: ticket,
        unknown: [{ path: [...place, "novelty"], value: { deep: [1] } }],
      });
    }
  });

  it("is read as strictly as ever in what is known", () => {
    const broken = { ...Object(withMember(aTicket(), ["order"], "novelty")), base_currency: 1 };
    expect(readNewer(Ticket, broken).ok).toBe(false);
    expect(readNewer(Ticket, { ...aTicket(), order: undefined }).ok).toBe(false);
    expect(readNewer(Ticket, null).ok).toBe(false);
  });

  it("is carried whole, so that its hash is the one that the PC makes of it", () => {
    const draft = {
      v: 1 as const,
      gateway_account_id: "acc",
      sidecar_id: "sc",
      generation: 1,
      preview_id: "pv",
      policy_version: 1,
      policy_hash: "a".repeat(64),
      accepted_warnings: [],
      nonce: "0".repeat(32),
      not_after: "2026-11-30T15:00:00.000Z",
    };
    const hash = (ticket: Ticket) => intentHash(intentOf({ ...draft, ticket }));
    fc.assert(
      fc.property(
        fc.constantFrom(...PLACES),
        fc.stringMatching(/^x_[a-z]{1,8}$/),
        (place, name) => {
          const told = withMember(aTicket(), place, name);
          const carried = parseCarrying(Ticket, told);
          expect(carried).toEqual(told);
          const stored = parseCarrying(Ticket, JSON.parse(JSON.stringify(carried)));
          expect(hash(stored)).toBe(hash(carried));
          expect(hash(carried)).not.toBe(hash(aTicket()));
        },
      ),
    );
  });
});
