import type { KillScope } from "@ibkr-edge-gateway/policy/kill-table.ts";
import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";

/** What the owner's own page asks, as the Worker read it. */
export type ApprovalPageCall = {
  /** Lower-case hex SHA-256 of the page's bearer token. */
  tokenSha256: string;
  requestId: string;
} & ({ ask: "pending" | "receipts" } | { ask: "submit"; message: JsonObject });

/** With whose origins the answer may be read. */
export type ApprovalPageAnswer = { origins: readonly string[] } & (
  | { kind: "answer"; body: JsonObject }
  /** `no_page`: nobody that the PC named, or a PC that is not there; which of them is not said. */
  | { kind: "no_page" | "too_many" | "pc_away" }
);

/** What a signed-in owner wants to confirm on a page of their own in place of the console's passkey. */
export type ConfirmElsewhere =
  | { act: "lift_kill_switch"; scope: KillScope; subject: string | null }
  | {
      act: "loosen_policy";
      document: unknown;
      basedOn: string;
      /** What becomes looser, in words, for the page to show as the gateway's. */
      loosened: string[];
    };

export type AskedElsewhere = { ok: true } | { ok: false; detail: string };
