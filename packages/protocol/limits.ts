/** Every limit that both ends must agree on, with its unit in its name. */

/** A pairing code lives this long and has this many letters; five wrong ones end the guessing. */
export const USER_CODE_CHARS = 8;
export const PAIRING_MINUTES = 10;
export const PAIRING_TRIES = 5;
export const PAIRING_POLL_INTERVAL_MS = 2_000;
export const PAIRING_BODY_MAX_BYTES = 4 * 1024;

/** The relay's frames, in UTF-8 bytes. */
export const FRAME_MAX_BYTES = 1024 * 1024;
export const CHUNK_MAX_BYTES = 256 * 1024;
export const RESULT_MAX_BYTES = 8 * 1024 * 1024;
/** Nesting of a frame's JSON. */
export const FRAME_MAX_DEPTH = 64;

export const HANDSHAKE_DEADLINE_MS = 10_000;
/** A sidecar that does not answer `session.list_jobs` within this is not one. */
export const RECONCILE_DEADLINE_MS = 10_000;
export const OPEN_TOKEN_MAX_SECONDS = 60;
/** Sockets of one PC that have not authenticated; the next takes the place of the oldest. */
export const HANDSHAKES_PER_SIDECAR_MAX = 4;
/** The token in the header of the relay's upgrade. */
export const UPGRADE_TOKEN_MAX_CHARS = 2_048;
/** What the gateway says of an upgrade it refuses. */
export const UPGRADE_REFUSAL_MAX_BYTES = 2_048;
/** How far a PC's clock may be off before its tokens are refused. */
export const CLOCK_TOLERANCE_SECONDS = 300;

export const HEARTBEAT_INTERVAL_MS = 20_000;
export const HEARTBEAT_LOST_MS = 45_000;
/** A ping is answered by the platform itself; one that is not by then is sent once more, and then the line is dead. */
export const PING_ANSWER_MS = 5_000;
export const PINGS_UNANSWERED_MAX = 2;
export const LEASE_HOURS = 24;
export const LEASE_REFRESH_BEFORE_MS = 10 * 60_000;
export const LEASE_REFRESH_DEADLINE_MS = 60_000;
export const RESUME_WINDOW_MS = 10 * 60_000;

export const INFLIGHT_READS_MAX = 32;
export const INFLIGHT_WRITES_MAX_PER_BROKER_ACCOUNT = 1;
/** Writes whose outcome is not settled, at the edge. */
export const OPEN_WRITES_MAX = 256;
/** How long the end of a write stands at the edge after it was settled. */
export const SETTLED_JOBS_DAYS = 7;
/** Journals of one sidecar whose place in its events is remembered, the newest ones. */
export const CURSORS_PER_SIDECAR_MAX = 16;
/** Reads that wait at the edge for one of the above to end. */
export const WAITING_READS_MAX = 256;
/** How long a read whose socket dropped waits for the next session before it fails. */
export const READ_RETRY_WAIT_MS = 800;

export const ACK_INTERVAL_MS = 250;
export const ACK_EVENTS_MAX = 32;
export const UNACKED_EVENTS_MAX = 10_000;
export const UNACKED_BYTES_MAX = 16 * 1024 * 1024;
export const SEND_BUFFER_MAX_BYTES = 1024 * 1024;

export const RECONNECT_QUICK_MS = 200;
export const RECONNECT_QUICK_TRIES = 3;
export const RECONNECT_CAP_MS = 30_000;
/** A PC that is not the one its owner chose asks again after this, and keeps no socket meanwhile. */
export const STANDBY_RETRY_MS = 60_000;
/** A PC whose key is in use by another program asks more and more seldom, up to this. */
export const STANDBY_RETRY_MAX_MS = 30 * 60_000;
/** How often one PC's key may take over from itself within the window before the newer is refused. */
export const COPY_TAKEOVERS_MAX = 3;
export const COPY_WINDOW_MS = 60 * 60_000;
export const RECONNECT_STABLE_MS = 10_000;

/** How far beyond its reference an order without a limit is valued at least; a wider collar counts. */
export const SLIPPAGE_LEAST_BPS = 100;
/** An exchange rate older than this is not known, unless a policy says otherwise. */
export const RATE_MAX_AGE_SECONDS = 3_600;
/** A preview may be submitted for this long. */
export const PREVIEW_SECONDS = 300;

/**
 * Withdrawn for so long, a client is forgotten: by then its orders are, and the audit log keeps what
 * it did.
 */
export const WITHDRAWN_CLIENT_KEPT_DAYS = 180;

/** For so long it can be shown which account an agent read, and what it asked and was answered. */
export const READ_SALTS_DAYS = 30;
