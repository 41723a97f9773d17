import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type {
  Hours,
  TradingSchedule,
} from "@ibkr-edge-gateway/protocol/market/trading-schedule.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { rowsOrNone, toRecord, wire } from "../readers.ts";
import { readWith } from "./read-with.ts";

const Span = z.looseObject({ opening: wire.seconds, closing: wire.seconds });

/** Hours in seconds since the epoch; a span without both ends, or with none between, is left out. */
const hoursFrom = (value: unknown): Hours[] =>
  rowsOrNone(Span)
    .parse(value)
    .flatMap(({ opening, closing }) =>
      opening === null || closing === null || closing <= opening
        ? []
        : [{ opening: opening / 1_000, closing: closing / 1_000 }],
    );

const Schedule = z
  .looseObject({ exchange_time_zone: wire.text, schedules: z.record(z.string(), z.unknown()) })
  .transform((body): TradingSchedule => {
    const days = Object.entries(body.schedules).flatMap(([key, value]) => {
      const day = wire.day.parse(key);
      const record = toRecord(value);
      if (day === null || record === null) return [];
      return [
        {
          day,
          regular: hoursFrom(record.liquid_hours),
          extended: hoursFrom(record.extended_hours),
        },
      ];
    });
    return {
      timeZone: body.exchange_time_zone ?? "UTC",
      days: days.sort((a, b) => a.day.localeCompare(b.day)),
    };
  });

export function tradingSchedule(conid: number, exchange?: string): Ask<TradingSchedule> {
  return {
    name: "contract.schedule",
    path: "/contract/trading-schedule",
    query: { conid: String(conid), ...(exchange === undefined ? {} : { exchange }) },
    needs: "brokerage",
    ttlMs: 60 * 60_000,
    decode: readWith("contract.schedule", Schedule),
    onRefused: () =>
      new GatewayError(
        failure("INPUT_INVALID_CONTRACT", "The broker has no schedule for this contract."),
      ),
  };
}
