import * as z from "zod";
import { cursorInput, type Paging } from "./define-tool.ts";
import { numeric } from "./json-schema.ts";

/** Pages of operations that count by offset; their output says where the next one begins. */
export const byOffset: Paging<{ page: { next_offset: number | null } }> = {
  toInput: (offset) => ({ offset }),
  next: ({ page }) => page.next_offset,
};

export const pageInput = {
  limit: numeric(z.int().min(1).max(200)).default(50).describe("Rows per page"),
  ...cursorInput,
};
