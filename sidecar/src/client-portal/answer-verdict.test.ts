import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeAnswer } from "./answer-verdict.ts";

const kindOf = (status: number, text: string): string =>
  judgeAnswer({ status, contentType: "application/json", text }).kind;

describe("what an answer of the gateway means", () => {
  it.each([
    [200, '{"a":1}', "ok"],
    [200, "[]", "ok"],
    [200, "", "empty"],
    [204, "", "empty"],
    [200, "<html>Login</html>", "unreadable"],
    [200, '{"a":', "unreadable"],
    [200, '{"error":"Chart data unavailable"}', "refused"],
    [200, '{"error":null,"a":1}', "ok"],
    [200, '{"error":"no session"}', "unauthorized"],
    [302, "", "unreadable"],
    [400, '{"error":"Bad Request: Please query /accounts first","statusCode":400}', "not_primed"],
    [500, '{"error":"Bad Request: Please query /accounts first"}', "not_primed"],
    [400, '{"error":"Bad Request: no bridge","statusCode":400}', "no_brokerage"],
    [400, '{"error":"Init session first"}', "no_brokerage"],
    [401, '{"error":"not authenticated","statusCode":401}', "no_brokerage"],
    [401, "", "unauthorized"],
    [401, "Unauthorized", "unauthorized"],
    [
      401,
      '{"type":"/simple","title":"Unauthorized","status":401,"detail":"expired"}',
      "unauthorized",
    ],
    [403, "<html>Access Denied</html>", "denied"],
    [403, '{"error":"not for paper"}', "refused"],
    [423, '{"error":"too soon"}', "refused"],
    [429, "", "rate_limited"],
    [429, '{"error":"Too many requests"}', "rate_limited"],
    [500, "", "unavailable"],
    [500, '{"error":"bad account"}', "refused"],
    [502, "<html>502</html>", "unavailable"],
    [503, '{"error":"Order 504123 is not found"}', "refused"],
    [503, "", "unavailable"],
    [504, '{"error":"timeout"}', "unavailable"],
  ])("%i %s is %s", (status, text, kind) => {
    expect(kindOf(status, text)).toBe(kind);
  });

  it("has an answer for everything, and calls nothing good that is not JSON with 2xx", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.string(), (status, text) => {
        const verdict = judgeAnswer({ status, contentType: "", text });
        if (verdict.kind === "ok") {
          expect(status).toBeGreaterThanOrEqual(200);
          expect(status).toBeLessThan(300);
          expect(() => JSON.parse(text)).not.toThrow();
        }
      }),
      { seed: 20261120 },
    );
  });
});
