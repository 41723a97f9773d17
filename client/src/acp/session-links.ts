import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Which session a server of ours belongs to. At `session/new` the session has no id yet, and an
 * agent that is given another entry at `session/load` starts anew; so the entry holds a token of
 * ours, and this folder says which session the token stands for: its hash, never the id itself.
 *
 *   <token>        the session's hash
 *   <hash>.token   the token that the session was begun with
 *   <token>.seen   a server with that token was started
 */
export interface SessionLinks {
  newToken(): string;
  /** The same for the same session, whichever process asks. */
  tokenOf(sessionId: string): string;
  link(token: string, sessionId: string): void;
  /** Whether a server was started with the token. */
  wasSeen(token: string): boolean;
}

const TOKEN = /^[0-9a-f]{32}$/;
const HASH = /^[0-9a-f]{64}$/;
const KEPT_DAYS = 90;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** What the audit log may hold of a session. */
export function sessionHash(sessionId: string): string {
  return createHash("sha256").update("acp-session\n").update(sessionId).digest("hex");
}

export function sessionLinks(folder: string): SessionLinks {
  const write = (name: string, text: string) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, name), text, { mode: 0o600 });
  };
  const link = (token: string, sessionId: string) => {
    const hash = sessionHash(sessionId);
    write(token, hash);
    write(`${hash}.token`, token);
  };
  return {
    newToken: () => randomBytes(16).toString("hex"),
    tokenOf(sessionId) {
      const hash = sessionHash(sessionId);
      const token = read(join(folder, `${hash}.token`), TOKEN) ?? hash.slice(0, 32);
      link(token, sessionId);
      return token;
    },
    link,
    wasSeen: (token) => read(join(folder, `${token}.seen`), /^/) !== null,
  };
}

/** The hash of the session that a server was started for; null while its agent has not named it. */
export function linkedSession(folder: string, token: string): string | null {
  return TOKEN.test(token) ? read(join(folder, token), HASH) : null;
}

/** Says that a server was started with the token. */
export function markSeen(folder: string, token: string): void {
  if (!TOKEN.test(token)) return;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(join(folder, `${token}.seen`), "", { mode: 0o600 });
}

/** Forgets sessions that nobody took up for {@link KEPT_DAYS} days. `now` in Unix milliseconds. */
export function forgetOldLinks(folder: string, now: number): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).mtimeMs < now - KEPT_DAYS * DAY_MS) rmSync(path, { force: true });
  }
}

function read(path: string, form: RegExp): string | null {
  try {
    const text = readFileSync(path, "utf8");
    return form.test(text) ? text : null;
  } catch {
    return null;
  }
}
