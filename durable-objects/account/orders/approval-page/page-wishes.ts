import type {
  LiftStatement,
  PolicyStatement,
} from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { canonicalJson } from "@ibkr-edge-gateway/protocol/digest.ts";
import type { OrderParts } from "../order-context.ts";
import { keepPageWish, takePageWish } from "../tables/page-wishes.ts";

/**
 * What its signed-in owner asked to confirm on a page of their own: the lift of a kill switch, or a
 * looser policy. Only what was asked here is acted on when the PC says that it was confirmed: neither
 * the PC alone nor a session alone loosens anything.
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
  /** Whether there was an open wish that this confirms, which is used up. */
  takeLift(confirmed: LiftStatement): boolean;
  /** The document of the open wish that this confirms, which is used up; null where nobody asked. */
  takePolicy(confirmed: PolicyStatement): { document: unknown } | null;
}

export function createWishes({ storage, now }: Pick<OrderParts, "storage" | "now">): Wishes {
  const { sql } = storage;
  return {
    add(wish) {
      const { notAfterMs } = wish;
      const kept =
        wish.act === "lift_kill_switch"
          ? { about: aboutLift(wish.lift), document: null, notAfterMs }
          : {
              about: aboutPolicy(wish.change),
              document: JSON.stringify(wish.document),
              notAfterMs,
            };
      keepPageWish(sql, kept, WISHES_MOST);
    },
    takeLift: (confirmed) => takePageWish(sql, aboutLift(confirmed), now()) !== null,
    takePolicy(confirmed) {
      const taken = takePageWish(sql, aboutPolicy(confirmed), now());
      return taken === null ? null : { document: JSON.parse(taken.document ?? "null") };
    },
  };
}

const aboutLift = ({ scope, subject, epoch }: Pick<LiftStatement, "scope" | "subject" | "epoch">) =>
  canonicalJson({ act: "lift_kill_switch", scope, subject, epoch });

const aboutPolicy = ({
  broker_account_id,
  from_hash,
  to_hash,
  to_version,
}: Omit<PolicyStatement, "nonce" | "not_after">) =>
  canonicalJson({ act: "loosen_policy", broker_account_id, from_hash, to_hash, to_version });
