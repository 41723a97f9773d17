import type { JsonObject } from "@ibkr-edge-gateway/protocol/json.ts";
import * as z from "zod";

/**
 * Where a long answer is cut. An answer for which the caller named no size takes at most
 * {@link ANSWER_MAX_BYTES}, as text and as structure: a model pays for every byte of it. What is left
 * follows with a cursor, and `has_more` says so.
 */
export const ANSWER_MAX_BYTES = 8_192;

/** The summary before the data, without the notes that stand in both; and the cursor, not yet made. */
const BESIDE_BYTES = 620;

/** What the caller said, the cursor aside, and where the cursor stood; null on the first page. */
export interface AskedPage {
  query: JsonObject;
  position: number | null;
  /** So many rows and no more, because more would be too long; null where that is no matter. */
  rows: number | null;
}

/** How a long answer is cut: a position is an offset, or a sequence number, as the operation counts. */
export interface Paging<Output> {
  /** The rows that the operation is asked for where the caller named none; absent where it takes no number. */
  most?: number;
  toInput(position: number): JsonObject;
  /** The list comes whole whatever number the caller named, so that number is kept here. */
  limitsHere?: boolean;
  /** How many rows this page would have. */
  count(output: Output, asked: AskedPage): number;
  /** Where the next page begins; null on the last one. */
  next(output: Output, asked: AskedPage): number | null;
  /** The list that is cut, and where in it the page begins; absent where `shown` cuts it. */
  cut?: { list: string; start(asked: AskedPage): number };
}

interface Offsets {
  page: { offset: number; next_offset: number | null; total: number };
}

/** Pages of an operation that counts by offset; its output says where the next one begins. */
export function byOffset<List extends string>(
  list: List,
): Paging<Offsets & Readonly<Record<List, readonly unknown[]>>> {
  return {
    most: 50,
    toInput: (offset) => ({ offset }),
    count: (output) => output[list].length,
    next: ({ page }, { rows }) => (rows === null ? page.next_offset : page.offset + rows),
    cut: { list, start: () => 0 },
  };
}

/** Pages of an operation that always gives the whole list: it is read again and cut elsewhere. */
export function byRows<List extends string>(
  list: List,
): Paging<Readonly<Record<List, readonly unknown[]>>> {
  const start = ({ position }: AskedPage) => position ?? 0;
  return {
    limitsHere: true,
    toInput: () => ({}),
    count: (output, asked) => Math.max(0, output[list].length - start(asked)),
    next: (output, asked) => {
      const end = asked.rows === null ? output[list].length : start(asked) + asked.rows;
      return end < output[list].length ? end : null;
    },
    cut: { list, start },
  };
}

/** A list as one row of names and one row of values for each entry. */
export interface Columns {
  list: string;
  row: z.ZodObject;
}

export interface View<Output> {
  paging?: Paging<Output> | undefined;
  columns?: Columns | undefined;
  shown?:
    | { schema: z.ZodObject; of(output: Output, asked: AskedPage): Record<string, unknown> }
    | undefined;
}

/** The form of an answer that is shown so, made of its operation's own. */
export function viewSchema<Output>(own: z.ZodObject, view: View<Output>): z.ZodObject {
  const shown = view.shown?.schema ?? own;
  const { columns } = view;
  return shown.extend({
    ...(columns === undefined ? {} : { [columns.list]: tableSchema(columns.row) }),
    ...(view.paging === undefined
      ? {}
      : { next_cursor: z.string().nullable(), has_more: z.boolean() }),
  });
}

function tableSchema({ shape }: z.ZodObject): z.ZodType {
  return z.strictObject({
    columns: z.array(z.enum(Object.keys(shape))),
    rows: z.array(z.array(z.union(Object.values(shape)))),
  });
}

/**
 * One page as the caller sees it. Without a size of the caller's choice it holds as many rows as fit,
 * and at least one.
 */
export function pageShown<Output extends object>(
  output: Output,
  view: View<Output>,
  asked: Omit<AskedPage, "rows">,
): { output: Record<string, unknown>; nextPosition: number | null } {
  const { paging } = view;
  const { limit } = asked.query;
  if (paging?.limitsHere === true && typeof limit === "number") {
    return shownRows(output, view, { ...asked, rows: limit });
  }
  const whole = shownRows(output, view, { ...asked, rows: null });
  if (paging === undefined || limit !== undefined || fits(whole.output)) return whole;
  let most = 1;
  let tooMany = paging.count(output, { ...asked, rows: null });
  if (tooMany <= 1) return whole;
  let best = shownRows(output, view, { ...asked, rows: 1 });
  while (tooMany - most > 1) {
    const rows = Math.floor((most + tooMany) / 2);
    const page = shownRows(output, view, { ...asked, rows });
    if (fits(page.output)) {
      most = rows;
      best = page;
    } else tooMany = rows;
  }
  return best;
}

function shownRows<Output extends object>(
  output: Output,
  { paging, columns, shown }: View<Output>,
  asked: AskedPage,
) {
  const nextPosition = paging?.next(output, asked) ?? null;
  let page = shown?.of(output, asked) ?? Object.fromEntries(Object.entries(output));
  if (paging?.cut !== undefined) page = cutTo(page, paging.cut, asked, nextPosition);
  if (columns !== undefined) page = { ...page, [columns.list]: tableOf(page, columns) };
  return { output: page, nextPosition };
}

function cutTo<Output>(
  page: Record<string, unknown>,
  { list, start }: NonNullable<Paging<Output>["cut"]>,
  asked: AskedPage,
  next: number | null,
): Record<string, unknown> {
  const all = page[list];
  const from = start(asked);
  if (!Array.isArray(all) || (asked.rows === null && from === 0)) return page;
  const rows = all.slice(from, asked.rows === null ? undefined : from + asked.rows);
  const { page: counted } = page;
  return {
    ...page,
    [list]: rows,
    ...(typeof counted === "object" && counted !== null
      ? { page: { ...counted, returned: rows.length, next_offset: next } }
      : {}),
  };
}

function tableOf(page: Record<string, unknown>, { list, row }: Columns) {
  const columns = Object.keys(row.shape);
  const entries: unknown = page[list];
  const rows = (Array.isArray(entries) ? entries : []).map((entry: Record<string, unknown>) =>
    columns.map((name) => entry[name] ?? null),
  );
  return { columns, rows };
}

const encoder = new TextEncoder();

/** Notes count twice: they stand in the summary as well. */
function fits(output: Record<string, unknown>): boolean {
  const { notes } = output;
  const said = Array.isArray(notes) ? notes.join(" ") : "";
  return (
    encoder.encode(`${JSON.stringify(output)}${said}`).length + BESIDE_BYTES <= ANSWER_MAX_BYTES
  );
}
