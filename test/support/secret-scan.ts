import type { Gateway } from "../../scripts/lib/gateway.ts";

/**
 * Looks for secrets where none may be, in everything that happens while the contract tests run:
 * what the Worker logs, what stands in D1, and the body of every answer and page. The planted
 * markers are the real secrets of each gateway, new in every run.
 */

/** Things only a leak would show, found by their form. */
const FORMS: readonly [string, RegExp][] = [
  ["an OAuth code or token", /acct_[0-9a-v]{26}:[A-Za-z0-9_-]{16}:[A-Za-z0-9_-]{32}/],
  ["a session cookie", /acct_[0-9a-v]{26}\.[A-Za-z0-9_-]{43}/],
  ["a JWT", /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/],
  ["a stack trace", /\n\s+at \S+ \(|\bindex\.js:\d+:\d+/],
  ["a broker account", /\b(?:DU|U)\d{7}\b/],
];

const planted = new Map<string, string>();
const leaks: string[] = [];
const pending = new Set<Promise<void>>();
let watching = false;

/** From now on every answer that a test gets is looked at. */
export function watchAnswers(gateway: Gateway): void {
  const { OWNER_TOKEN, EDGE_IDENTITY_KEY, EVIDENCE_KEY } = gateway.secrets;
  // Tests that set a token of their own set one that is no secret.
  if (OWNER_TOKEN.length >= 24) planted.set(OWNER_TOKEN, "OWNER_TOKEN");
  const key: { d?: string } = JSON.parse(EDGE_IDENTITY_KEY || "{}");
  if (key.d !== undefined) planted.set(key.d, "EDGE_IDENTITY_KEY");
  if (EVIDENCE_KEY !== "") planted.set(EVIDENCE_KEY, "EVIDENCE_KEY");
  if (watching) return;
  watching = true;
  const inner = globalThis.fetch;
  globalThis.fetch = async (...args: Parameters<typeof fetch>) => {
    const response = await inner(...args);
    const path = new URL(response.url || "http://unknown/").pathname;
    const look = response
      .clone()
      .text()
      .then((text) => {
        for (const leak of secretsIn(text)) leaks.push(`${leak} in the answer of ${path}`);
      })
      // The test let go of the answer before its end: what nobody received cannot leak.
      .catch(() => undefined)
      .finally(() => pending.delete(look));
    pending.add(look);
    return response;
  };
}

/** What was found so far in answers, and what stands in this gateway's logs and in D1. */
export async function leaksOf(gateway: Gateway): Promise<string[]> {
  await Promise.race([
    Promise.all(pending),
    new Promise((resolve) => setTimeout(resolve, 500).unref()),
  ]);
  const found = leaks.splice(0);
  for (const { message } of gateway.logs) {
    for (const leak of [...secretsIn(message), ...formsIn(message)]) {
      found.push(`${leak} in the log: ${message.slice(0, 200)}`);
    }
  }
  const db = await gateway.d1();
  const tables = await db
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
    )
    .all<{ name: string }>();
  for (const { name } of tables.results) {
    const rows = JSON.stringify((await db.prepare(`SELECT * FROM "${name}"`).all()).results);
    for (const leak of [...secretsIn(rows), ...formsIn(rows)]) {
      found.push(`${leak} in D1's ${name}`);
    }
  }
  return [...new Set(found)];
}

function secretsIn(text: string): string[] {
  return [...planted].filter(([secret]) => text.includes(secret)).map(([, name]) => name);
}

function formsIn(text: string): string[] {
  return FORMS.filter(([, form]) => form.test(text)).map(([name]) => name);
}
