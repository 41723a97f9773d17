/**
 * The texts with which the broker says that it did not take a request, from its documents and from
 * recordings of its gateway. Nothing else proves it: a text that is none of them may come from any
 * fault behind the broker's door, with the order taken all the same. A new one is added when it was
 * seen, with its order looked up and not found.
 */
const OF_AN_ORDER: readonly RegExp[] = [
  /^invalid order price fields/i,
  /^null time in force is not supported/i,
  /minimum price variation of \d/i,
  /^no trading permissions\b/i,
  /^invalid order attribute ?:/i,
  /^we cannot accept an order at the limit price/i,
  /^cash order quantity can ?not be set for/i,
  /^invalid side \(must be/i,
  /^unknown order type/i,
  /^accountid is not valid/i,
  /^your order is not accepted\b/i,
  /^(there are )?insufficient funds\b/i,
];

/** The session was not there; a request that met no session reached nothing behind it. */
const WITHOUT_SESSION: readonly RegExp[] = [
  /^not authenticated$/i,
  /^(bad request: )?no bridge$/i,
  /^init session first$/i,
  /^(bad request: )?please query \/accounts first$/i,
];

const OF_A_DECLINED: readonly RegExp[] = [/^order not confirmed\b/i];
const OF_NO_ORDER: readonly RegExp[] = [/^order ?id .{1,40}(doesn't exist|does not exist)\.?$/i];
const OF_AN_ENDED: readonly RegExp[] = [/^order is inactive\.?$/i];

export type RecordedRefusal =
  | "rejected"
  | "session_not_ready"
  | "declined"
  | "order_unknown"
  | "order_not_active";

const RECORDED: readonly [RecordedRefusal, readonly RegExp[]][] = [
  ["rejected", OF_AN_ORDER],
  ["session_not_ready", WITHOUT_SESSION],
  ["declined", OF_A_DECLINED],
  ["order_unknown", OF_NO_ORDER],
  ["order_not_active", OF_AN_ENDED],
];

/** What a text proves; null when it is none that was ever recorded. */
export function recordedRefusal(text: string): RecordedRefusal | null {
  const said = text.trim();
  return RECORDED.find(([, texts]) => texts.some((known) => known.test(said)))?.[0] ?? null;
}
