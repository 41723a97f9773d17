const DAY_MS = 86_400_000;
/** Older than every window that counts orders, so that these differ in number and in nothing else. */
const NEWEST_DAYS = 3;
/** Not so old that the day's pruning takes them while they are counted. */
const OLDEST_DAYS = 85;

/** Runs a statement in the account's object, or on tables like its own. */
export type InObject = (query: string, ...values: (string | number)[]) => Promise<unknown[]>;

/** The ids of the copies of one row, by the column that is its key. */
const copies = (table: string, from: number, to: number, set: Record<string, string>) => ({
  table,
  set,
  numbers: `WITH RECURSIVE n (i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to - 1})`,
});

/** Copies of one order, of numbers from one until another, over eighty days before. */
export async function fillOrders(inObject: InObject, now: number, from: number, to: number) {
  if (to <= from) return;
  // One that this file made is no model for others.
  const model =
    "(SELECT coid FROM order_intents WHERE approval_id NOT LIKE 'old-%' ORDER BY created_at LIMIT 1)";
  const at = `(${now - OLDEST_DAYS * DAY_MS} + CAST(i AS REAL) / ${to} * ${(OLDEST_DAYS - NEWEST_DAYS) * DAY_MS})`;
  const when = `CAST(${at} AS INTEGER)`;
  const coid = "'ieg1-' || printf('%032x', i)";
  const all = [
    copies("order_intents", from, to, {
      coid,
      approval_id: "'old-' || i",
      preview_id: "'old-' || i",
      job_id: "'old-' || i",
      intent_hash: "printf('%064x', i)",
      economic_hash: "printf('%064x', i)",
      day: `date(${when} / 1000, 'unixepoch')`,
      created_at: when,
      updated_at: when,
      state: "'filled'",
      ended_at: when,
      ledger: "'settled'",
      look_at: "NULL",
    }),
    copies("order_approvals", from, to, {
      approval_id: "'old-' || i",
      preview_id: "'old-' || i",
      intent: `json_set(intent, '$.coid', ${coid})`,
      state: "'consumed'",
      created_at: when,
      decided_at: when,
      expires_at: `${when} + 300000`,
    }),
    copies("order_previews", from, to, {
      preview_id: "'old-' || i",
      created_at: when,
      expires_at: `${when} + 300000`,
    }),
    copies("order_keys", from, to, { idempotency_key: "'old-key-' || i", coid, used_at: when }),
    copies("order_numbers", from, to, { order_id: "CAST(900000000 + i AS TEXT)", coid }),
    copies("relay_jobs", from, to, { job_id: "'old-' || i", settled_at: when }),
  ];
  for (const { table, set, numbers } of all) {
    const columns = (
      (await inObject(`SELECT name FROM pragma_table_info('${table}')`)) as { name: string }[]
    ).map(({ name }) => name);
    const key = table === "order_intents" ? `WHERE coid = ${model}` : MODELS[table];
    // The relay keeps a week of them.
    const kept = table === "relay_jobs" ? `WHERE ${when} > ${now - 7 * DAY_MS}` : "";
    await inObject(
      `INSERT INTO ${table} (${columns.join(", ")}) ${numbers}
       SELECT ${columns.map((name) => set[name] ?? name).join(", ")}
       FROM n CROSS JOIN (SELECT * FROM ${table} ${key} LIMIT 1) ${kept}`,
    );
  }
}

const MODELS: Readonly<Record<string, string>> = {
  order_approvals: "WHERE approval_id NOT LIKE 'old-%'",
  order_previews: "WHERE preview_id NOT LIKE 'old-%'",
  order_keys: "WHERE idempotency_key NOT LIKE 'old-%'",
  order_numbers: "WHERE length(order_id) < 15",
  relay_jobs: "WHERE job_id NOT LIKE 'old-%'",
};
