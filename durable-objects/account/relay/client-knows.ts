import type { ClientWord } from "@ibkr-edge-gateway/protocol/relay/client-words.ts";
import { storedSession } from "./tables/session.ts";

/** Whether the PC of the session there is, or was last, said that it knows a word. */
export function clientKnows(sql: SqlStorage, word: ClientWord): boolean {
  const stored = storedSession(sql);
  if (stored === null) return false;
  const { knows }: { knows?: unknown } = JSON.parse(stored);
  return Array.isArray(knows) && knows.includes(word);
}
