import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import pino from "pino";
import { describe, expect, it } from "vitest";
import { traceFacts, underTrace } from "./trace.ts";

const ID = "0123456789abcdef0123456789abcdef";
const TRACEPARENT = `00-${ID}-0123456789abcdef-01`;

function logging() {
  const lines: Record<string, unknown>[] = [];
  const to = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { logger: pino({ base: {}, mixin: traceFacts }, to), lines };
}

describe("the trace of a request", () => {
  it("is in every line logged on its behalf, however late, and in no other's", async () => {
    const { logger, lines } = logging();
    logger.info("before");
    const work = underTrace(TRACEPARENT, async () => {
      logger.info("at once");
      await sleep(5);
      logger.info("later");
    });
    logger.info("meanwhile");
    await work;
    const traces = Object.fromEntries(lines.map(({ msg, trace_id }) => [msg, trace_id]));
    expect(traces).toEqual({ before: undefined, "at once": ID, meanwhile: undefined, later: ID });
  });

  it.each([undefined, "", "00-zz-1-01"])("is none where %s is no trace context", (text) => {
    expect(underTrace(text, traceFacts)).toEqual({});
  });
});
