/**
 * What its signed-in owner asked to confirm on a page of their own, for as long as it is open. It is
 * kept here and not in memory: an object that sleeps while its owner takes the phone out forgets
 * nothing that it said would wait.
 */
export const PAGE_WISHES_SCHEMA = `
CREATE TABLE order_page_wishes (
  about TEXT PRIMARY KEY,
  -- JSON of the policy that was asked for; null for a kill switch.
  document TEXT,
  not_after INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

export interface PageWish {
  /** Names exactly what is to be confirmed. */
  about: string;
  document: string | null;
  /** Unix milliseconds. */
  notAfterMs: number;
}

/** Keeps a wish; of more than so many at once, those that end last. */
export function keepPageWish(
  sql: SqlStorage,
  { about, document, notAfterMs }: PageWish,
  most: number,
): void {
  sql.exec(
    `INSERT INTO order_page_wishes (about, document, not_after) VALUES (?, ?, ?)
     ON CONFLICT (about) DO UPDATE SET document = excluded.document, not_after = excluded.not_after`,
    about,
    document,
    notAfterMs,
  );
  sql.exec(
    `DELETE FROM order_page_wishes WHERE about NOT IN
       (SELECT about FROM order_page_wishes ORDER BY not_after DESC LIMIT ?)`,
    most,
  );
}

/** Takes the open wish of that name out; null where there is none. */
export function takePageWish(
  sql: SqlStorage,
  about: string,
  nowMs: number,
): { document: string | null } | null {
  const [row] = sql
    .exec<{ document: string | null; not_after: number }>(
      "DELETE FROM order_page_wishes WHERE about = ? RETURNING document, not_after",
      about,
    )
    .toArray();
  return row === undefined || row.not_after <= nowMs ? null : { document: row.document };
}
