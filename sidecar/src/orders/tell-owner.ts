import type * as z from "zod";
import type { alertTell } from "../../../src/protocol/operations/alert-tell.ts";
import { type Clock, isoTime } from "../client-portal/clock.ts";
import type { Reach } from "./announce.ts";

/** More than an honest gateway has to say; a dishonest one shall not drown the owner in alarms. */
const AN_HOUR = 30;
const HOUR_MS = 3_600_000;

type Input = z.output<typeof alertTell.input>;
type Output = z.output<typeof alertTell.output>;

/** Shows the gateway's own alerts in this PC's ways. The words are the gateway's and say so. */
export function createTeller(
  reach: Reach,
  clock: Pick<Clock, "now">,
): (input: Input) => Promise<Output> {
  let told: number[] = [];
  return async ({ kind, message }) => {
    const nowMs = clock.now();
    told = told.filter((at) => nowMs - at < HOUR_MS);
    if (told.length >= AN_HOUR) return { shown: [], taken: false, as_of: isoTime(nowMs) };
    told.push(nowMs);
    const words = `The gateway says: ${message.replace(/[\p{C}]/gu, " ")}`;
    const shown: Output["shown"] = [];
    if (reach.terminal([`ALERT ${kind}: ${words}`])) shown.push("terminal");
    if (await reach.desktop("ibkr-sidecar", words)) shown.push("desktop");
    if (await reach.push(`ibkr-sidecar: ${kind}`, words)) shown.push("push");
    return { shown, taken: true, as_of: isoTime(clock.now()) };
  };
}
