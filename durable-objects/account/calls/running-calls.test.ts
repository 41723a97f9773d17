import { describe, expect, it } from "vitest";
import { runningCalls } from "./running-calls.ts";

const call = (requestId: string, rpcId = "1", grantId: string | null = "grant") => ({
  clientId: "client",
  grantId,
  requestId,
  rpcId,
});

describe("calls under way", () => {
  it("end with their own connection and with no other's", () => {
    const calls = runningCalls();
    const [one, two] = [calls.begin(call("a")), calls.begin(call("b", "2"))];
    calls.left("client", "b");
    calls.left("another", "a");
    expect([one.signal.aborted, two.signal.aborted]).toEqual([false, true]);
  });

  it("are taken back by the caller's own id, of this grant alone", () => {
    const calls = runningCalls();
    const [one, two] = [calls.begin(call("a")), calls.begin(call("b", "1", "another"))];
    calls.takenBack("client", "grant", "7");
    calls.takenBack("client", null, "1");
    expect([one.signal.aborted, two.signal.aborted]).toEqual([false, false]);
    calls.takenBack("client", "grant", "1");
    expect([one.signal.aborted, two.signal.aborted]).toEqual([true, false]);
  });

  it("go on where two of one grant bear the same id, until one is over", () => {
    const calls = runningCalls();
    const [one, two] = [calls.begin(call("a")), calls.begin(call("b"))];
    calls.takenBack("client", "grant", "1");
    expect([one.signal.aborted, two.signal.aborted]).toEqual([false, false]);
    one.end();
    calls.takenBack("client", "grant", "1");
    expect([one.signal.aborted, two.signal.aborted]).toEqual([false, true]);
  });
});
