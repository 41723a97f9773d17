import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { issuerKeys } from "./issuer-keys.ts";
import { JWKS_COOLDOWN_MS, JWKS_MAX_AGE_MS } from "./limits.ts";

async function setUp() {
  const made = await Promise.all(
    ["one", "two"].map(async (kid) => {
      const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
      return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256" } };
    }),
  );
  const [one, two] = made;
  if (one === undefined || two === undefined) throw new Error("no keys");
  const state = { now: 1_000_000, published: [one.jwk], fetches: 0, down: false };
  const keys = issuerKeys(async () => "https://id.example/jwks", {
    now: () => state.now,
    fetchJson: async () => {
      state.fetches += 1;
      if (state.down) throw new Error("down");
      return { keys: state.published };
    },
  });
  const verify = async (key: typeof one, kid = key.kid) => {
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: "ES256", kid })
      .sign(key.privateKey);
    return jwtVerify(token, keys).then(
      () => "good",
      () => "refused",
    );
  };
  return { one, two, state, verify };
}

describe("an issuer's keys", () => {
  it("are fetched once, and again when they are old", async () => {
    const { one, state, verify } = await setUp();
    for (let i = 0; i < 5; i += 1) expect(await verify(one)).toBe("good");
    expect(state.fetches).toBe(1);
    state.now += JWKS_MAX_AGE_MS + 1;
    expect(await verify(one)).toBe("good");
    expect(state.fetches).toBe(2);
  });

  it("are fetched again for a key that is not among them, as often as the cooldown allows", async () => {
    const { one, two, state, verify } = await setUp();
    expect(await verify(one)).toBe("good");
    state.published = [two.jwk];
    expect(await verify(two)).toBe("refused");
    expect(state.fetches).toBe(1);
    state.now += JWKS_COOLDOWN_MS + 1;
    expect(await verify(two)).toBe("good");
    expect(state.fetches).toBe(2);
    for (let i = 0; i < 10; i += 1) expect(await verify(one, `made-up-${i}`)).toBe("refused");
    expect(state.fetches).toBe(2);
  });

  it("an issuer that is down is not asked again at once, and what is known stays in use", async () => {
    const { one, state, verify } = await setUp();
    state.down = true;
    for (let i = 0; i < 5; i += 1) expect(await verify(one)).toBe("refused");
    expect(state.fetches).toBe(1);
    state.down = false;
    state.now += JWKS_COOLDOWN_MS + 1;
    expect(await verify(one)).toBe("good");
  });

  it("many at once make one request", async () => {
    const { one, state, verify } = await setUp();
    const answers = await Promise.all(Array.from({ length: 20 }, () => verify(one)));
    expect(new Set(answers)).toEqual(new Set(["good"]));
    expect(state.fetches).toBe(1);
  });
});
