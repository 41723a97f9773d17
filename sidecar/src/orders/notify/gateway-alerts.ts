import {
  type alertTell,
  STOPPED_ALERTS,
} from "@ibkr-edge-gateway/protocol/operation-schemas/alert-tell.ts";
import type * as z from "zod";
import { type Clock, isoTime } from "../../client-portal/clock.ts";
import type { Reach } from "./desktop-and-webhook.ts";

/** More than an honest gateway has to say; a dishonest one shall not drown the owner in alarms. */
const AN_HOUR = 30;
/** The rest of the hour's are kept for what says that trading was stopped. */
const OF_OTHER_KINDS = 20;
const HOUR_MS = 3_600_000;

type Input = z.output<typeof alertTell.input>;
type Output = z.output<typeof alertTell.output>;

/** Shows the gateway's own alerts in this PC's ways. The words are the gateway's and say so. */
export function createTeller(
  reach: Reach,
  clock: Pick<Clock, "now">,
): (input: Input) => Promise<Output> {
  let told: { at: number; stopped: boolean }[] = [];
  return async ({ kind, message }) => {
    const nowMs = clock.now();
    told = told.filter(({ at }) => nowMs - at < HOUR_MS);
    const stopped = STOPPED_ALERTS.includes(kind);
    const others = told.filter((one) => !one.stopped).length;
    const full = told.length >= AN_HOUR || (!stopped && others >= OF_OTHER_KINDS);
    if (full) return { shown: [], taken: false, as_of: isoTime(nowMs) };
    told.push({ at: nowMs, stopped });
    const words = `The gateway says: ${message.replace(/[\p{C}]/gu, " ")}`;
    const shown: Output["shown"] = [];
    if (reach.terminal([`ALERT ${kind}: ${words}`])) shown.push("terminal");
    if (await reach.desktop("ibkr-sidecar", words)) shown.push("desktop");
    if (await reach.push(`ibkr-sidecar: ${kind}`, words)) shown.push("push");
    return { shown, taken: true, as_of: isoTime(clock.now()) };
  };
}
