import type { PreviewFacts } from "@ibkr-edge-gateway/protocol/orders/ticket.ts";
import type { PolicySnapshot } from "./snapshot.ts";

/**
 * How old what the PC read may be when an order is decided here, in seconds. It is read for the verdict
 * itself; the rest is for a slow broker and for two clocks that disagree. A rate has its own age in the
 * policy, and so has a quote.
 */
export const FACT_MAX_AGES = {
  /** The whole reading, by this gateway's clock: what bears no time of its own is as old as this. */
  readingSeconds: 120,
  accountSeconds: 120,
  /** The position, with all that works on it. */
  bookSeconds: 120,
  /** The position that was proved last, of an exit that says so to its owner; its PC bounds the order by it. */
  lastProofSeconds: 86_400,
  /** Whether the market trades now, and what the contract is. */
  instrumentSeconds: 120,
  /** The broker's rules of a contract: by the day, and asked again every ten minutes. */
  rulesSeconds: 1_200,
} as const;

export interface Known {
  snapshot: PolicySnapshot;
  /** The position is not known now; the order is an exit by what was proved before. */
  exitByProof: boolean;
  /** What was read and does not count any more, as the subject of a sentence, with its age. */
  tooOld: string[];
}

/**
 * The snapshot without the facts that are older than the decision accepts: they are not known any more.
 * A preview is judged as of the moment at which its PC read them, however often it is judged; a submit
 * as of now. A time ahead of the clock says as little as one long ago. An order that was an exit at its
 * preview, and says that it only reduces, stays one while the position cannot be known: it is judged by
 * the rest, and its PC bounds it by the position that was proved last.
 */
export function withKnownFacts(given: PolicySnapshot): Known {
  const { facts, phase, edge } = given;
  const { account, effect, instrument, rules } = facts;
  // What the approval lets out no more is judged as of its preview: the approval is what stands against it.
  const spent = edge.approval !== null && edge.approval.state !== "approved";
  const asPrepared = phase === "preview" || spent;
  const asOfMs = Date.parse(asPrepared ? given.ticket.prepared_at : given.now);
  const tooOld: string[] = [];
  const counts = (what: string, at: string | undefined, seconds: number): boolean => {
    if (at === undefined) return true;
    const ageMs = Math.abs(asOfMs - Date.parse(at));
    if (ageMs <= seconds * 1_000) return true;
    tooOld.push(`${what} ${Math.round(ageMs / 1_000)} s old and may be ${seconds} s old at most`);
    return false;
  };
  const age = FACT_MAX_AGES;
  const readAt = asPrepared ? undefined : (edge.facts_read_at ?? null);
  const reading = readAt !== null && counts("what your PC read is", readAt, age.readingSeconds);
  const bookSeconds = effect?.by_last_proof === true ? age.lastProofSeconds : age.bookSeconds;
  const book = counts("the position is", effect?.at, bookSeconds) && reading;
  const has = {
    account: counts("the account's figures are", account?.at, age.accountSeconds),
    instrument: counts("the market's hours are", instrument?.at, age.instrumentSeconds),
    rules: counts("the contract's rules are", rules?.at, age.rulesSeconds),
  };
  const last = phase === "submit" && given.ticket.order.reduce_only ? edge.previewed_effect : null;
  const exitByPreview = (effect === null || !book) && last?.kind === "exit";
  const known: PreviewFacts = {
    ...facts,
    rules: has.rules ? rules : null,
    instrument: has.instrument ? instrument : null,
    account: has.account ? account : null,
    // Positions and working orders are of the moment of the effect that was made of them.
    effect: exitByPreview ? last : book ? effect : null,
    positions: book ? facts.positions : null,
    working: book ? facts.working : null,
    greeks: reading ? facts.greeks : null,
    broker_clock_skew_ms: reading ? facts.broker_clock_skew_ms : null,
  };
  const market_now = reading ? edge.market_now : null;
  const snapshot = { ...given, facts: known, edge: { ...edge, market_now } };
  const exitByProof = exitByPreview || (book && effect?.by_last_proof === true);
  return { snapshot, exitByProof, tooOld };
}
