import { failure, GatewayError } from "@ibkr-edge-gateway/protocol/errors.ts";
import type { BrokerSession } from "@ibkr-edge-gateway/protocol/operation-schemas/session-status.ts";
import { describe, expect, it } from "vitest";
import { handClock, noLog } from "../../../test/support/intent-record.ts";
import { LIMITS } from "./limits.ts";
import { createPortal } from "./portal.ts";
import type { Ask, AskOptions } from "./portal-interface.ts";
import type { ReadParts } from "./read-once.ts";
import { createUnreadTally } from "./unreadable-values.ts";

const NUMBER: Ask<number> = {
  name: "a.number",
  path: "/number",
  needs: "brokerage",
  ttlMs: 1_000,
  decode: (json) => Number(json),
};

/** A broker that answered once, and a line that is too busy ever since. */
async function afterOneAnswer() {
  const clock = handClock();
  let busy = false;
  const wire: ReadParts["wire"] = {
    call: () => {
      if (busy) throw new GatewayError(failure("BROKER_RATE_LIMITED", "Too many requests wait."));
      return Promise.resolve({ kind: "ok", status: 200, json: 7, text: "7" });
    },
  };
  const refused = (): never => {
    throw new Error("not asked for");
  };
  const portal = createPortal({
    unread: createUnreadTally(),
    wire,
    clock,
    logger: noLog,
    random: () => 0.5,
    supervisor: {
      state: refused,
      session: refused,
      reads: (): BrokerSession["reads"] => "all",
      streamCredential: () => null,
      observe: () => {},
      renew: refused,
      onChange: () => () => {},
      start: () => {},
      close: () => Promise.resolve(),
    },
  });
  await portal.ask(NUMBER);
  busy = true;
  const ask = (options: AskOptions = {}) => portal.ask(NUMBER, options);
  return { clock, ask };
}

describe("a read while the broker may not be asked", () => {
  it("is the last answer, with its age, for whoever asks for no more than that", async () => {
    const { clock, ask } = await afterOneAnswer();
    clock.run(LIMITS.staleServeMs);
    expect(await ask()).toMatchObject({ value: 7, from: "stale", at: clock.now() - 3_600_000 });
    clock.run(1);
    await expect(ask()).rejects.toThrow();
  });

  it("that asks for fresh fails, however young the last answer is", async () => {
    const { ask } = await afterOneAnswer();
    await expect(ask({ fresh: true })).rejects.toMatchObject({
      failure: { code: "BROKER_RATE_LIMITED" },
    });
  });

  it("that names the age it accepts gets no older one", async () => {
    const { clock, ask } = await afterOneAnswer();
    clock.run(5_000);
    expect(await ask({ maxAgeMs: 5_000 })).toMatchObject({ value: 7 });
    clock.run(1);
    await expect(ask({ maxAgeMs: 5_000 })).rejects.toThrow();
  });
});
