import { counted } from "@ibkr-edge-gateway/protocol/counted-words.ts";
import { marketBars as operation } from "@ibkr-edge-gateway/protocol/operation-schemas/market-bars.ts";
import * as z from "zod";
import type { AskedPage } from "../answer-pages.ts";
import { cursorInput, defineTool, READS_BROKER } from "../define-tool.ts";
import { numeric } from "../json-schema.ts";
import { conidInput } from "../tool-inputs.ts";

type Bar = z.output<typeof operation.output>["bars"][number];

const MOST_BARS = 1_000;

export const historicalBarsTool = defineTool({
  name: "ibkr_historical_bars",
  title: "Price history",
  description: "Bars, oldest first; a page is the newest. truncated: the broker gave its most.",
  scope: "ibkr:marketdata:read",
  annotations: READS_BROKER,
  input: operation.input.extend({
    ...conidInput,
    bar: operation.input.shape.bar.describe("1m is a month, 1min a minute"),
    period: operation.input.shape.period.describe("30min, 8h, 5d, 4w, 6m (months), 1y"),
    end: operation.input.shape.end.describe("UTC; default: now"),
    outside_rth: operation.input.shape.outside_rth.describe("Extended hours too"),
    limit: numeric(z.int().min(1).max(MOST_BARS)).optional().describe("Bars"),
    ...cursorInput,
  }),
  operation,
  toOperationInput: ({ limit: _limit, cursor: _cursor, ...window }) => window,
  shown: {
    schema: operation.output,
    of(output, asked) {
      const bars = pageOf(output.bars, asked);
      const left = before(output.bars, asked).length - bars.length;
      const more = `This is the newest part, ${counted(bars.length, "bar")}. Older ones of the period: ${left}. They follow with next_cursor, or take a longer bar.`;
      return { ...output, bars, notes: left > 0 ? [...output.notes, more] : output.notes };
    },
  },
  paging: {
    // The same window is read again and cut elsewhere: older than the last page's oldest bar.
    toInput: () => ({}),
    count: ({ bars }, asked) => pageOf(bars, asked).length,
    next: ({ bars }, asked) => {
      const page = pageOf(bars, asked);
      const [oldest] = page;
      return oldest === undefined || before(bars, asked).length <= page.length
        ? null
        : Date.parse(oldest.at);
    },
  },
  columns: { list: "bars", row: operation.output.shape.bars.element },
});

const before = (bars: readonly Bar[], { position }: AskedPage): readonly Bar[] =>
  position === null ? bars : bars.filter(({ at }) => Date.parse(at) < position);

const pageOf = (bars: readonly Bar[], asked: AskedPage): readonly Bar[] =>
  before(bars, asked).slice(-(asked.rows ?? namedIn(asked) ?? bars.length));

const namedIn = ({ query: { limit } }: AskedPage): number | null =>
  typeof limit === "number" ? limit : null;
