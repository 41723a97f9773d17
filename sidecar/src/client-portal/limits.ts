/** Every bound of the broker side, with its unit in its name. */
export const LIMITS = {
  connectTimeoutMs: 2_000,
  readTimeoutMs: 15_000,
  orderTimeoutMs: 20_000,
  /** A request that is still unanswered after this long is counted as if it had arrived by then. */
  arrivalMs: 2_000,
  scannerParamsTimeoutMs: 30_000,
  loginTimeoutMs: 40_000,
  /** The gateway's own build is of 2017 and closes idle sockets; ours are dropped sooner. */
  keepAliveMs: 4_000,
  /** Connections for agents' reads, and for what is more urgent; an order POST has one of its own. */
  agentConnections: 8,
  urgentConnections: 6,
  maxAnswerBytes: 8 * 1024 * 1024,
  /** Reads are tried again on a reset or a 5xx, at most this often. */
  readRetries: 2,
  readRetryBaseMs: 300,

  tickleEveryMs: 60_000,
  /** Without a brokerage session a tickle may need a second question beside it. */
  idleTickleEveryMs: 75_000,
  /** Documented once a minute; at 80 %. */
  ssoValidateEveryMs: 75_000,
  penaltyMs: 15 * 60_000,
  initBackoffFirstMs: 60_000,
  initBackoffLastMs: 30 * 60_000,
  /** A session that held this long has proved itself; the init budget starts afresh. */
  initBudgetResetMs: 5 * 60_000,
  establishPollMs: 2_000,
  establishPatienceMs: 60_000,
  gatewayDownPollMs: 5_000,
  loginPollMs: 30_000,
  maintenancePollMs: 60_000,
  /** As often as for a login, since a login may be what ends it. */
  blockedPollMs: 30_000,
  /** So long a trading session may take to open before it counts as one that does not. */
  openingPatienceMs: 3 * 60_000,
  /** For so long looks must agree that something vanished from a list without an end. */
  vanishedPatienceMs: 60_000,
  /** A list of another day says nothing of it any more. */
  vanishedForgottenMs: 12 * 60 * 60_000,
  /** A position list follows a fill by this much at most. */
  settleMs: 2 * 60_000,
  /** How many of the vanished are asked for one by one at each look. */
  vanishedAsked: 5,
  /** A gap this much longer than the timer that should have ended it means the PC slept. */
  sleepGapMs: 90_000,
  /** How soon a word from another command at this PC is heard. */
  nudgePollMs: 5_000,
  renewMs: 10_000,
  clockSkewWarnMs: 10_000,
  endWarningMs: 30 * 60_000,

  /** Heartbeats come every ten seconds; without any sign for this long the line is dead. */
  streamSilenceMs: 25_000,
  streamReadyMs: 3_000,
  /** At least once a minute, by the documents. */
  streamTicMs: 55_000,
  streamRetryLastMs: 30_000,
  streamVerifyMs: 60_000,
  streamReconcileRetryMs: 15_000,
  pnlFreshMs: 15_000,
  /** Asked this often within the window, a quote is worth a stream of its own. */
  quoteHotAsks: 3,
  quoteHotWindowMs: 60_000,
  quoteStreams: 40,
  quoteFreshMs: 2_000,
  /** The broker ends a quote stream after ten minutes without a word. */
  quoteRenewMs: 8 * 60_000,
  quoteIdleMs: 3 * 60_000,
  quoteTendMs: 1_000,
  /** Of the 100 an account has by default. */
  marketDataLines: 80,
  ladderPatienceMs: 4_000,
  ladderSettleMs: 300,

  snapshotConids: 100,
  snapshotFields: 50,
  snapshotPolls: 5,
  snapshotPollMs: 500,
  coldReadPauseMs: 1_000,
  positionsPages: 50,
  historyConcurrency: 4,
  historyPoints: 1_000,
  scannerRows: 50,

  brokerTextChars: 500,
  cacheEntries: 2_000,
  staleServeMs: 60 * 60_000,
  queuedRequests: 500,
} as const;
