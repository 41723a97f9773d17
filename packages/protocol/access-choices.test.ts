import { describe, expect, it } from "vitest";
import {
  ACCESS_CHOICES,
  accessInWords,
  choiceNamed,
  choiceOf,
  choicesBeyond,
  choiceWith,
  isOrderScope,
} from "./access-choices.ts";
import { accessLink, notAllowed } from "./access-link.ts";
import { ALL_SCOPES, BASELINE_SCOPES, isScope, SCOPES } from "./scopes.ts";

const scopesOf = (id: string) => [...(choiceNamed(id)?.scopes ?? [])];

describe("the choices", () => {
  it("each hold everything that stands before them, and what their words say", () => {
    const tiers = ACCESS_CHOICES.map(({ scopes }) => [
      ...new Set(scopes.map((one) => SCOPES[one].tier)),
    ]);
    expect(tiers).toEqual([
      ["read"],
      ["read", "preview"],
      ["read", "preview", "paper"],
      ["read", "preview", "paper", "live"],
    ]);
    for (const [index, { scopes }] of ACCESS_CHOICES.entries()) {
      const before = ACCESS_CHOICES[index - 1]?.scopes ?? [];
      expect(scopes).toEqual(expect.arrayContaining([...before]));
      expect(new Set(scopes).size).toBe(scopes.length);
    }
    const orders = ALL_SCOPES.filter((one) => SCOPES[one].tier !== "read");
    expect(scopesOf("live")).toEqual(expect.arrayContaining(orders));
  });

  it("are what a client is told to ask for first, where it is to read", () => {
    expect(scopesOf("read")).toEqual(BASELINE_SCOPES);
    // A newcomer asks what a market's hours are, what an option costs, and why an order was refused.
    for (const needed of ["calendar", "options", "scanner", "currency", "risk"]) {
      expect(BASELINE_SCOPES).toContain(`ibkr:${needed}:read`);
    }
  });

  it("are found again by what they give, in any order, and by nothing more or less", () => {
    for (const { id, scopes } of ACCESS_CHOICES) {
      expect(choiceOf([...scopes].reverse())?.id).toBe(id);
      expect(choiceOf(scopes.slice(1))).toBeNull();
      expect(choiceOf([...scopes, "ibkr:audit:read"])).toBeNull();
    }
  });

  it("say which would give more, the smallest first", () => {
    const beyond = (scopes: string[]) => choicesBeyond(scopes).map(({ id }) => id);
    expect(beyond([])).toEqual(["read", "prepare", "paper", "live"]);
    expect(beyond(scopesOf("read"))).toEqual(["prepare", "paper", "live"]);
    expect(beyond(scopesOf("paper"))).toEqual(["live"]);
    expect(beyond(scopesOf("live"))).toEqual([]);
    expect(beyond([...scopesOf("read"), "ibkr:audit:read"])).toEqual(["prepare", "paper", "live"]);
  });

  it("say which is the smallest with something in it; single permissions are in none", () => {
    expect(choiceWith(["ibkr:orders:preview"])?.id).toBe("prepare");
    expect(choiceWith(["ibkr:approvals:create"])?.id).toBe("paper");
    expect(choiceWith(["ibkr:orders:read", "ibkr:orders:live:modify"])?.id).toBe("live");
    expect(choiceWith(["ibkr:audit:read"])).toBeNull();
  });

  it("name what a client has in a few words", () => {
    expect(accessInWords([])).toBe("Nothing");
    expect(accessInWords(scopesOf("prepare"))).toBe("Read and prepare orders");
    expect(accessInWords([...scopesOf("read"), "ibkr:audit:read"])).toBe(
      "Read, and one permission more",
    );
    expect(accessInWords(["ibkr:health:read", "ibkr:audit:read"])).toBe(
      "Picked one by one: 2 permissions",
    );
  });
});

it("what a passkey is asked for is what sends orders or asks for approval", () => {
  expect(ALL_SCOPES.filter(isOrderScope)).toEqual(
    ALL_SCOPES.filter((one) => ["paper", "live"].includes(SCOPES[one].tier)),
  );
  expect(isOrderScope("constructor")).toBe(false);
});

it("a link names the client, the connection that asks and no other thing, whatever the client calls itself", () => {
  const clientId = "https://a.example/c?x=1&id=2#y";
  const link = (grantId: string | null) =>
    new URL(accessLink("https://gateway.example", { clientId, grantId }));
  const { origin, pathname, searchParams } = link("g1");
  expect(origin + pathname).toBe("https://gateway.example/clients/access");
  expect([...searchParams]).toEqual([
    ["id", clientId],
    ["connection", "g1"],
  ]);
  expect([...link(null).searchParams]).toEqual([["id", clientId]]);
});

it("a refusal says what is needed in the owner's words, and what to do next", () => {
  for (const scope of ALL_SCOPES.filter(isScope)) {
    const { code, message, user_action } = notAllowed(scope, "https://gateway.example/x");
    expect(code).toBe("AUTH_MISSING_SCOPE");
    expect(message).toContain(choiceWith([scope])?.title ?? SCOPES[scope].means);
    expect(user_action).toContain("https://gateway.example/x");
    expect(user_action).toContain("call the same tool again");
  }
});

it("a refusal to a token that was asked for with less says to sign in again, and not to call again", () => {
  const within = ["ibkr:health:read"];
  const { user_action } = notAllowed("ibkr:audit:read", "https://gateway.example/x", { within });
  expect(user_action).toContain("https://gateway.example/x");
  expect(user_action).toContain("sign in again");
  expect(user_action).not.toContain("call the same tool again");
});
