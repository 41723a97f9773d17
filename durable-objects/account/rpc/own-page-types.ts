import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";

/** What the owner's own page asks, as the Worker read it. */
export type OwnPageCall = {
  /** Lower-case hex SHA-256 of the page's bearer token. */
  tokenSha256: string;
  requestId: string;
} & ({ ask: "pending" | "receipts" } | { ask: "submit"; message: JsonObject });

/** With whose origins the answer may be read. */
export type OwnPageAnswer = { origins: readonly string[] } & (
  | { kind: "answer"; body: JsonObject }
  | { kind: "unknown_token" | "too_many" | "pc_away" }
);
