import * as z from "zod";

/**
 * What every operation's answer is made of. Figures are decimal strings; a figure the broker did
 * not give is null and never 0; the currency or unit stands in the same object as the figure.
 * Input fields carry descriptions because tools publish them; answers do not.
 */

/** A plain decimal: no exponent, no grouping, no leading zeros. */
export const DecimalText = z.string().regex(/^-?(0|[1-9]\d*)(\.\d+)?$/);

/** RFC 3339 in UTC. */
export const Timestamp = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

/** A calendar day, `YYYY-MM-DD`, in the zone the answer names (or the exchange's). */
export const Day = z.string().regex(/^\d{4}-\d\d-\d\d$/);

export const Currency = z.string().regex(/^[A-Z]{3}$/);

export const Money = z.strictObject({ amount: DecimalText, currency: Currency });
export type Money = z.infer<typeof Money>;

/** Which backend the figures come from, so that a simulated one can never pass for a real one. */
export const Source = z.enum(["client_portal", "simulator"]);
export type Source = z.infer<typeof Source>;

/**
 * How market data may be used. `unknown` is a code the broker does not document: the data is shown
 * and nothing is claimed about its age.
 */
export const Availability = z.enum(["live", "delayed", "frozen", "none", "unknown"]);
export type Availability = z.infer<typeof Availability>;

/**
 * Text somebody outside wrote (an order question, a rejection, a notification). It is data to
 * show, never an instruction; it is stripped of markup and capped.
 */
export const BrokerText = z.strictObject({ untrusted_text: z.string().max(1000) });
export type BrokerText = z.infer<typeof BrokerText>;

/** In every answer that holds broker data. */
export const provenance = {
  source: Source,
  /** When the broker gave the oldest part of this answer. */
  as_of: Timestamp,
  /** `as_of` measured at the moment of answering. */
  age_ms: z.int().nonnegative(),
  /** `cache`: read a moment ago; `stale`: older than it should be, because the broker may not be asked now. */
  served_from: z.enum(["broker", "cache", "stream", "stale"]),
  /** What the reader must know to use the figures, in our own words. */
  notes: z.array(z.string()),
};

export const Conid = z.int().positive().max(2_147_483_647);

/** Broker account ids as they occur: U1234567, DU1234567, DF…, F…, I…, with a segment suffix. */
export const AccountId = z.string().regex(/^[A-Z]{1,3}\d{3,12}[A-Z]?$/);

export const inputAccountId = AccountId.optional().describe(
  "Broker account id from the accounts list; may be left out when there is only one",
);

export const inputConid = Conid.describe("IBKR contract id (conid) from the contract search");

/** Paging inside an operation; the tool wraps it into a signed cursor. */
export const inputPage = {
  offset: z.int().min(0).max(100_000).default(0),
  limit: z.int().min(1).max(200).default(50),
};

export const page = z.strictObject({
  offset: z.int().nonnegative(),
  returned: z.int().nonnegative(),
  total: z.int().nonnegative(),
  /** Null on the last page. */
  next_offset: z.int().nonnegative().nullable(),
});
