/**
 * What makes this PC the PC that it is: keys, pairing, the owner's limits, its records, and what it
 * still owes the broker (a pause that was asked for).
 */
const KEPT = [
  /^(device-key|device-key-next|witness-key|statement-key|pairing)\.json$/,
  /^(policy|caps|orders|kill-switch|loopback|approval-page)\.json(\.last-good)?$/,
  /^(pacing|broker-news)\.[\w-]+\.json$/,
  /^(journal|orders|audit-witness)-[0-9a-f]{12}\.sqlite$/,
];

/** Whether a file of the configuration folder goes into a backup and comes back from one. */
export function isKept(name: string): boolean {
  return KEPT.some((pattern) => pattern.test(name));
}

/**
 * What is left behind: it is about this machine, this run or this broker session, and is made anew.
 * Named here so that a file of a later version is in one of the two lists, by decision.
 */
const LEFT = [
  /^(status|look-again|restored|client-portal-pins|broker-session)\.json$/,
  /^scanner-params\.[\w-]+\.json$/,
  /^disk-reserve\.bin$/,
  /\.sqlite-(wal|shm|journal)$/,
  /\.(torn|damaged)-[^.]+$/,
  /\.new$/,
];

export function isLeft(name: string): boolean {
  return LEFT.some((pattern) => pattern.test(name));
}
