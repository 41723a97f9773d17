import { describe, expect, it } from "vitest";
import { handClock, noLog, START_MS, settled } from "../../../../test/support/intent-record.ts";
import { isoTime } from "../../client-portal/clock.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { createCancelRetryQueue } from "./retry-queue.ts";

function start(silentForMs: number) {
  const clock = handClock();
  const givenUp: string[] = [];
  const queue = createCancelRetryQueue({
    clock,
    logger: noLog,
    session: () => ({ silent_until: isoTime(START_MS + silentForMs) }),
    onGivenUp: (order) => givenUp.push(order),
  });
  return { clock, queue, givenUp };
}

describe("a cancel that the broker refuses for now", () => {
  it("is sent again a moment before everybody else may ask", async () => {
    const { clock, queue } = start(60_000);
    let sent = 0;
    const at = queue.add("DU1/11", async () => {
      sent += 1;
      return "done";
    });
    expect(at).toBe(isoTime(START_MS + 59_999));
    clock.run(59_998);
    expect(sent).toBe(0);
    clock.run(1);
    await settled();
    clock.run(600_000);
    expect(sent).toBe(1);
  });

  it("is kept once per order, and given up on after a bounded number of tries", async () => {
    const { clock, queue, givenUp } = start(0);
    let sent = 0;
    const again = async () => {
      sent += 1;
      return "refused_again" as const;
    };
    queue.add("DU1/11", again);
    queue.add("DU1/11", again);
    for (let round = 0; round < 10; round++) {
      clock.run(ORDER_LIMITS.cancelLookMs);
      await settled();
    }
    expect(sent).toBe(ORDER_LIMITS.cancelTries);
    expect(givenUp).toEqual(["DU1/11"]);
  });

  it("lets nothing else go into a silence that goes on", async () => {
    const { clock, queue } = start(0);
    const sent: string[] = [];
    for (const order of ["DU1/11", "DU1/12"]) {
      queue.add(order, async () => {
        sent.push(order);
        return "refused_again";
      });
    }
    clock.run(ORDER_LIMITS.cancelLookMs);
    await settled();
    expect(sent).toEqual(["DU1/11"]);
  });

  it("is not sent after the service has closed", () => {
    const { clock, queue } = start(0);
    let sent = 0;
    queue.add("DU1/11", async () => {
      sent += 1;
      return "done";
    });
    queue.close();
    clock.run(60_000);
    expect(sent).toBe(0);
  });
});
