import { expect, it } from "vitest";
import { CLIENT_WORDS, readClientVersion, versionWithWords } from "./client-words.ts";

it.each([
  ["0.1.0", "0.1.0+cancel-by-gateway.service-class.question-number.own-page", 4],
  // There is no room for the last one.
  ["1.4.0-rc.1+abc", "1.4.0-rc.1+abc.cancel-by-gateway.service-class.question-number", 3],
])("tells what the PC knows beside its version %s, and gives both back", (version, told, words) => {
  expect(versionWithWords(version)).toBe(told);
  expect(told.length).toBeLessThanOrEqual(64);
  expect(readClientVersion(told)).toEqual({ version, knows: CLIENT_WORDS.slice(0, words) });
});

it.each(["0.1.0", "1.0.0+abc", "1.0.0+cancel-by-gateways", "", "+"])(
  "knows nothing of a version that says nothing: %j",
  (version) => {
    expect(readClientVersion(version).knows).toEqual([]);
  },
);

it("never makes a version that the handshake has no room for", () => {
  const long = "9".repeat(64);
  expect(versionWithWords(long)).toBe(long);
});
