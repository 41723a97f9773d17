import { expect, it } from "vitest";
import { anIntentRecord, handClock } from "../../../../test/support/intent-record.ts";
import { whyStopped } from "./why-stopped.ts";

const parts = (engaged: boolean, generation: number | null) => ({
  rules: {
    killSwitch: () =>
      engaged ? { engaged: true as const, since: null, reason: "" } : { engaged: false as const },
  },
  clock: handClock(),
  session: () => ({ generation }),
});

it("confirms nothing with the kill switch engaged but an exit, and nothing in another session", () => {
  const entry = anIntentRecord();
  expect(whyStopped(parts(false, 1), entry)).toBeNull();
  expect(whyStopped(parts(true, 1), entry)?.failure.code).toBe("LOCAL_KILL_SWITCH");
  expect(whyStopped(parts(true, 1), anIntentRecord(0, { effect: "exit" }))).toBeNull();
  // An effect that could not be known is no exit.
  expect(whyStopped(parts(true, 1), anIntentRecord(0, { effect: null }))?.failure.code).toBe(
    "LOCAL_KILL_SWITCH",
  );
  for (const generation of [2, null]) {
    expect(whyStopped(parts(false, generation), entry)?.failure.code).toBe("GENERATION_CHANGED");
  }
});
