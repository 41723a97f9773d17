import type {
  LiftStatement,
  PolicyStatement,
} from "@ibkr-edge-gateway/protocol/approval/statement.ts";

/**
 * What its signed-in owner asked to confirm on a page of their own: the lift of a kill switch, or a
 * looser policy. Only what was asked here is acted on when the PC says that it was confirmed: neither
 * the PC alone nor a session alone loosens anything. In memory, while it is open.
 */
export type Wish = { notAfterMs: number } & (
  | { act: "lift_kill_switch"; lift: Omit<LiftStatement, "nonce" | "not_after"> }
  | {
      act: "loosen_policy";
      change: Omit<PolicyStatement, "nonce" | "not_after">;
      document: unknown;
    }
);

/** More than that at once nobody keeps in mind. */
const WISHES_MOST = 10;

export interface Wishes {
  add(wish: Wish): void;
  /** The open wish that this confirms, which is used up; null where nobody asked for it. */
  takeLift(confirmed: LiftStatement): Extract<Wish, { act: "lift_kill_switch" }> | null;
  takePolicy(confirmed: PolicyStatement): Extract<Wish, { act: "loosen_policy" }> | null;
}

export function createWishes(now: () => number): Wishes {
  let open: Wish[] = [];
  const take = <W extends Wish>(fits: (wish: Wish) => wish is W): W | null => {
    open = open.filter(({ notAfterMs }) => now() < notAfterMs);
    const found = open.find(fits) ?? null;
    open = open.filter((wish) => wish !== found);
    return found;
  };
  return {
    add(wish) {
      open = [...open, wish].slice(-WISHES_MOST);
    },
    takeLift: ({ scope, subject, epoch }) =>
      take(
        (wish): wish is Extract<Wish, { act: "lift_kill_switch" }> =>
          wish.act === "lift_kill_switch" &&
          wish.lift.scope === scope &&
          wish.lift.subject === subject &&
          wish.lift.epoch === epoch,
      ),
    takePolicy: ({ broker_account_id, from_hash, to_hash, to_version }) =>
      take(
        (wish): wish is Extract<Wish, { act: "loosen_policy" }> =>
          wish.act === "loosen_policy" &&
          wish.change.broker_account_id === broker_account_id &&
          wish.change.from_hash === from_hash &&
          wish.change.to_hash === to_hash &&
          wish.change.to_version === to_version,
      ),
  };
}
