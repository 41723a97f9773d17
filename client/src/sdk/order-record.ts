import { createHash } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import { IbkrError } from "./errors.ts";
import { readPrivateFile, writePrivateFile } from "./private-file.ts";
import { underLock } from "./process-lock.ts";

/** How orders are prepared; each has its own way to be sent. */
export const PREVIEW_TOOLS = [
  "ibkr_order_preview",
  "ibkr_bracket_order_preview",
  "ibkr_oca_order_preview",
] as const;
export type PreviewTool = (typeof PREVIEW_TOOLS)[number];

const Record = z.strictObject({
  version: z.literal(1),
  gateway: z.string(),
  key: z.string(),
  tool: z.enum(PREVIEW_TOOLS),
  /** The order as its caller gave it. */
  order: z.record(z.string(), z.json()),
  account_id: z.string().nullable(),
  mode: z.enum(["paper", "live"]).nullable(),
  preview_id: z.string().nullable(),
  approval_id: z.string().nullable(),
  /** True from before the submit is sent: from then on it is followed, whatever came back. */
  submitting: z.boolean(),
});

/** How far one order has come, written down before each next step. */
export type OrderRecord = z.infer<typeof Record>;

export interface OrderRecords {
  read(key: string): Promise<OrderRecord | null>;
  /**
   * Does one step of one order: nobody else does any of the same order meanwhile. `step` gets the
   * record as it stands, and answers how it stands after together with what came of it.
   */
  step<Result>(
    key: string,
    step: (record: OrderRecord | null) => Promise<[after: OrderRecord, result: Result]>,
  ): Promise<Result>;
}

/** Records in files of `folder`, one for each idempotency key and gateway. */
export function orderRecords(folder: string, gateway: string): OrderRecords {
  const pathOf = (key: string) => {
    const name = createHash("sha256").update(`${gateway}\n${key}`).digest("hex").slice(0, 32);
    return join(folder, "orders", name);
  };

  async function read(key: string): Promise<OrderRecord | null> {
    const path = `${pathOf(key)}.json`;
    const text = await readPrivateFile(path);
    if (text === null) return null;
    const parsed = Record.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    // An order may stand at the broker: without its record nothing may be begun under this key.
    throw new IbkrError("ORDER_NOT_RECORDED", `The record of this order cannot be read: ${path}`, {
      outcome: "unknown",
      userAction: "Look in the gateway's console, under Orders, for what became of it.",
    });
  }

  return {
    read,
    step: (key, step) =>
      underLock(`${pathOf(key)}.lock`, async () => {
        const [after, result] = await step(await read(key));
        await writePrivateFile(`${pathOf(key)}.json`, `${JSON.stringify(after)}\n`);
        return result;
      }),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
