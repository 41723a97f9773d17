import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type {
  Hours,
  TradingSchedule,
} from "@ibkr-edge-gateway/protocol/market/trading-schedule.ts";
import * as z from "zod";
import type { Ask } from "../portal-interface.ts";
import { toDay, toInteger, toList, toRecord, wire } from "../wire-values.ts";
import { readWith } from "./read-with.ts";

function hoursFrom(value: unknown): Hours[] {
  return (toList(value) ?? []).flatMap((item) => {
    const opening = toInteger(toRecord(item)?.opening);
    const closing = toInteger(toRecord(item)?.closing);
    return opening === null || closing === null || closing <= opening ? [] : [{ opening, closing }];
  });
}

const Schedule = z
  .looseObject({ exchange_time_zone: wire.text, schedules: z.record(z.string(), z.unknown()) })
  .transform((body): TradingSchedule => {
    const days = Object.entries(body.schedules).flatMap(([key, value]) => {
      const day = toDay(key);
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
