import { ACCESS_CHOICES, choiceNamed } from "@ibkr-edge-gateway/protocol/access-choices.ts";
import { accessRequest } from "@ibkr-edge-gateway/protocol/operation-schemas/edge-operations.ts";
import { expect, it } from "vitest";
import { accessOf } from "./access-request.ts";

const LINK = "https://gateway.example/clients/access?id=c";
const standing = (scopes: readonly string[], readOnlyUntilMs = 0) => ({
  accounts: null,
  scopes: [...scopes],
  readOnlyUntilMs,
});

it("says what the connection has, what each choice adds, and where the owner allows it", () => {
  const read = choiceNamed("read")?.scopes ?? [];
  const answer = accessRequest.output.parse(accessOf({}, standing(read, 60_000), LINK, 0));
  expect(answer).toMatchObject({
    access: "Read",
    permissions: [...read].sort(),
    reads_only_until: "1970-01-01T00:01:00.000Z",
    link: LINK,
    next_step: expect.stringContaining("Give the owner the link"),
  });
  expect(answer.choices).toEqual(
    ACCESS_CHOICES.slice(1).map(({ id, title, means }) => ({ choice: id, title, adds: means })),
  );
});

it("offers nothing where everything is allowed, and bounds another issuer's token", () => {
  const live = choiceNamed("live")?.scopes ?? [];
  expect(accessOf({}, standing(live), LINK, 0)).toMatchObject({
    choices: [],
    reads_only_until: null,
    next_step: expect.stringContaining("Every choice is allowed"),
  });
  const external = { clientName: "bot", issuer: "https://id.example", tokenId: null };
  expect(accessOf({ external }, standing([]), LINK, 0).next_step).toContain("another issuer");
});

it("tells a connection that asked for less to sign in again", () => {
  const { next_step } = accessOf({ within: ["ibkr:health:read"] }, standing([]), LINK, 0);
  expect(next_step).toContain("signs in again");
  expect(next_step).not.toContain("stays as it is");
});
