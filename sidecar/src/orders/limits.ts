/** Every bound of the order side, with its unit in its name. */
export const ORDER_LIMITS = {
  /** Time for one order POST, and for one reply, before its outcome counts as unknown. */
  requestTimeoutMs: 20_000,
  /** How long a submit waits for the mutex before it is refused. */
  mutexWaitMs: 12_000,
  /**
   * Of a job's time, what is left for its answer: a refusal that arrives after the job's end counts as no
   * answer, and an order that was never sent would be looked for.
   */
  answerLeftMs: 6_000,
  /** A position may not hold yet what traded this long before it was asked for. */
  positionLagMs: 2_000,
  /** An unanswered question is declined after this; the broker's own patience ends at a minute. */
  questionPatienceMs: 45_000,
  /** Questions of one submission. */
  questionChain: 20,

  /** A ticket is kept this long: as long as the longest approval, and a little more. */
  previewKeptMs: 2 * 60 * 60_000,
  /** A request is listed at this PC as long as its preview can be approved at the gateway. */
  requestListedMs: 5 * 60_000,
  /** What is too old is forgotten this often while the PC runs. */
  pruneEveryMs: 10 * 60_000,
  /** Where one turn left something. */
  pruneAgainMs: 1_000,
  /**
   * Tickets of orders that may open a position, kept at once; no client takes more of them than it
   * leaves to the others.
   */
  previewsKept: 5_000,
  /** The places of exits and cancels: beyond its share, a client's oldest makes room for its next. */
  exitPreviewsKept: 1_000,
  /** On the disk: the owner is told from this share on, and entries stop with less than this free. */
  diskWarnPercent: 80,
  diskReserveBytes: 256 * 1024 * 1024,
  nonceKeptMs: 30 * 24 * 60 * 60_000,
  /** Ended intents are kept for the cross-check of a week of trades. */
  intentKeptMs: 30 * 24 * 60 * 60_000,

  /** Looks for an accepted order, after its acceptance. */
  seenLooksMs: [700, 2_000, 8_000, 20_000, 40_000, 60_000],
  /** Accepted and not seen for this long: the acceptance is in doubt. */
  seenWithinMs: 75_000,
  /** Spacing of the looks for an order in doubt. */
  doubtLooksMs: [0, 10_000, 20_000, 40_000, 60_000],
  /** Nothing sent and nothing found for this long, by proved reads: the order does not exist. */
  quietPeriodMs: 180_000,
  /** Proved reads that must agree on it. */
  quietReads: 3,
  /** Without a proved answer for this long the owner is asked to look. */
  giveUpMs: 10 * 60_000,
  /** After a look that failed for a reason of this PC's. */
  retryMs: 15_000,
  /** Before a book is read again that did not show an order which stood. */
  missedLookMs: 20_000,
  /** A day order older than this is of an earlier trading day. */
  dayOrderMs: 20 * 60 * 60_000,
  /** How often an order is looked for after that. */
  ownerLookMs: 5 * 60_000,
  /** Broker orders are held against the journal at least this often. */
  crossCheckMs: 6 * 60 * 60_000,
  /** In a new session in which nothing of ours stands, the first time not before this. */
  firstCrossCheckMs: 15_000,

  /** After a cancel was acknowledged: looks at the order's status, and for how long. */
  cancelLookMs: 400,
  cancelPatienceMs: 6_000,
  /** How long a cancel waits for the number of an order that is on its way out. */
  cancelFindsMs: 8_000,
  /** A cancel of the owner's that the broker turns away is sent again this often. */
  cancelTries: 3,
} as const;
