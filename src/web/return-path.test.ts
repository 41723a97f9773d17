import fc from "fast-check";
import { expect, it } from "vitest";
import { returnPath, signInPath } from "./return-path.ts";

const ORIGIN = "https://gateway.example";

it("leads back to a path of ours, or to the front page, whatever it is given", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.webPath(),
        fc.stringMatching(/^[/\\@:?#.a-z\t\n\r ]{0,20}$/),
      ),
      (next) => {
        const path = returnPath(next, ORIGIN);
        expect(path.startsWith("/")).toBe(true);
        expect(new URL(path, ORIGIN).origin).toBe(ORIGIN);
        expect(path).not.toMatch(/^\/[/\\]|[\r\n\t]/);
      },
    ),
    { seed: 20261120, numRuns: 3000 },
  );
});

it("keeps an authorization request as it is", () => {
  const next = "/authorize?client_id=a%2Fb&state=%E2%82%AC&scope=x+y";
  expect(returnPath(next, ORIGIN)).toBe(next);
  expect(new URL(signInPath(next), ORIGIN).searchParams.get("next")).toBe(next);
  expect(signInPath("/")).toBe("/sign-in");
});
