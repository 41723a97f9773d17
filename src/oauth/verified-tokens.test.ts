import { gatewayAccountIdOf } from "@ibkr-edge-gateway/protocol/account-id.ts";
import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";
import { describe, expect, it } from "vitest";
import { VERIFIED_TOKEN_MS, VERIFIED_TOKENS_MAX } from "../web/limits.ts";
import { type VerifiedToken, verifiedTokens } from "./verified-tokens.ts";

const ACCOUNT = gatewayAccountIdOf(new Uint8Array(16));
const START = Date.UTC(2026, 10, 20);

const tokenOf = (secret: string) => `${ACCOUNT}:grant-0123456789:${secret}`;
const keyOf = (token: string) => `token:${ACCOUNT}:grant-0123456789:${sha256Hex(token)}`;

function verified(token: string, expiresAt = START / 1000 + 3600): VerifiedToken {
  return {
    props: { accountId: ACCOUNT },
    auth: {
      token,
      audience: "https://gateway.example.com/mcp",
      expiresAt,
      scope: ["ibkr:health:read"],
      userId: ACCOUNT,
      clientId: "client",
    },
  };
}

function rig() {
  const clock = { now: START };
  return { clock, tokens: verifiedTokens(() => clock.now) };
}

const [ONE, OTHER] = [tokenOf("one"), tokenOf("other")];

describe("tokens that were verified a moment ago", () => {
  it("are known word for word, for seconds", () => {
    const { clock, tokens } = rig();
    tokens.keep(verified(ONE));
    expect(tokens.find(ONE)).toEqual(verified(ONE));
    expect([tokens.find(OTHER), tokens.find(`${ONE} `), tokens.find("")]).toEqual([
      null,
      null,
      null,
    ]);
    clock.now += VERIFIED_TOKEN_MS - 1;
    expect(tokens.find(ONE)).not.toBeNull();
    clock.now += 1;
    expect(tokens.find(ONE)).toBeNull();
  });

  it("are not known beyond their own end", () => {
    const { clock, tokens } = rig();
    tokens.keep(verified(ONE, START / 1000 + 2));
    clock.now += 1_999;
    expect(tokens.find(ONE)).not.toBeNull();
    clock.now += 1;
    expect(tokens.find(ONE)).toBeNull();
  });

  it("are forgotten with their record, also by a request that read it before it was deleted", () => {
    const { clock, tokens } = rig();
    tokens.keep(verified(ONE));
    tokens.keep(verified(OTHER));
    tokens.forget(keyOf(ONE));
    tokens.keep(verified(ONE));
    expect(tokens.find(ONE)).toBeNull();
    expect(tokens.find(OTHER)).not.toBeNull();
    clock.now += VERIFIED_TOKEN_MS;
    expect(tokens.find(ONE)).toBeNull();
  });

  it("are never another issuer's, nor without an end, nor of a form that is not ours", () => {
    const { tokens } = rig();
    const external = {
      issuer: "https://issuer.example.com",
      account: ACCOUNT,
      clientId: "ext:https://issuer.example.com#c",
      clientName: "c",
      scopes: [],
      tokenId: null,
    };
    tokens.keep({ ...verified(ONE), props: { accountId: ACCOUNT, external } });
    const { expiresAt: _unlimited, ...auth } = verified(OTHER).auth;
    tokens.keep({ ...verified(OTHER), auth });
    tokens.keep(verified("a.b.c"));
    expect([tokens.find(ONE), tokens.find(OTHER), tokens.find("a.b.c")]).toEqual([
      null,
      null,
      null,
    ]);
  });

  it("cannot be changed by whoever got them", () => {
    const { tokens } = rig();
    tokens.keep(verified(ONE));
    tokens.find(ONE)?.auth.scope.push("ibkr:orders:live:submit");
    expect(tokens.find(ONE)?.auth.scope).toEqual(["ibkr:health:read"]);
  });

  it("are bounded; the oldest goes first", () => {
    const { tokens } = rig();
    for (let n = 0; n <= VERIFIED_TOKENS_MAX; n += 1) tokens.keep(verified(tokenOf(`t${n}`)));
    expect(tokens.find(tokenOf("t0"))).toBeNull();
    expect(tokens.find(tokenOf("t1"))).not.toBeNull();
    expect(tokens.find(tokenOf(`t${VERIFIED_TOKENS_MAX}`))).not.toBeNull();
  });
});
