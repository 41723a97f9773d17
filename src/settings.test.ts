import { describe, expect, it } from "vitest";
import { readExternalIssuers } from "./oauth/external-issuers.ts";
import { readOidcSettings } from "./owner/oidc.ts";
import { ConfigurationError, readSettings } from "./web/env.ts";

/** What a deployment is told about a setting, in one line. */
function complaint(read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    const { message } = error as Error;
    expect(message).not.toContain("\n");
    return message;
  }
}

const ORIGIN = "https://gateway.example";

describe("settings", () => {
  it("the public origin is an https origin, written as browsers write it", () => {
    expect(readSettings({ PUBLIC_ORIGIN: ORIGIN })).toMatchObject({
      publicOrigin: ORIGIN,
      resource: `${ORIGIN}/mcp`,
      loopback: false,
      signUp: "closed",
    });
    expect(readSettings({ PUBLIC_ORIGIN: "http://localhost:8787" }).loopback).toBe(true);
    expect(readSettings({ PUBLIC_ORIGIN: "http://[::1]:8787" }).loopback).toBe(true);
    for (const wrong of [
      undefined,
      "",
      "gateway.example",
      "ftp://gateway.example",
      "http://gateway.example",
      "http://localhost.evil.example",
      `${ORIGIN}/`,
      `${ORIGIN}/path`,
      "https://Gateway.example",
      "https://gateway.example:443",
      "https://user@gateway.example",
    ]) {
      const env = wrong === undefined ? {} : { PUBLIC_ORIGIN: wrong };
      expect([wrong, complaint(() => readSettings(env))]).toEqual([
        wrong,
        expect.stringContaining("PUBLIC_ORIGIN"),
      ]);
    }
  });

  it("other hosts and origins are lists; an origin is an origin", () => {
    const settings = readSettings({
      PUBLIC_ORIGIN: ORIGIN,
      ALLOWED_HOSTS: " a.example  B.example:8443 ",
      ALLOWED_ORIGINS: "https://app.example",
    });
    expect([...settings.otherHosts]).toEqual(["a.example", "b.example:8443"]);
    expect([...settings.origins]).toEqual([ORIGIN, "https://app.example"]);
    for (const origin of ["https://app.example/", "*", "null", "app.example"]) {
      expect(
        complaint(() => readSettings({ PUBLIC_ORIGIN: ORIGIN, ALLOWED_ORIGINS: origin })),
      ).toContain("ALLOWED_ORIGINS");
    }
  });

  it("sign-up has three modes and no other", () => {
    for (const mode of ["closed", "invitation", "open"] as const) {
      expect(readSettings({ PUBLIC_ORIGIN: ORIGIN, SIGN_UP: mode }).signUp).toBe(mode);
    }
    expect(complaint(() => readSettings({ PUBLIC_ORIGIN: ORIGIN, SIGN_UP: "Open" }))).toContain(
      "SIGN_UP",
    );
  });
});

describe("an identity provider", () => {
  const good = {
    OIDC_ISSUER: "https://id.example",
    OIDC_CLIENT_ID: "x",
    OIDC_SUBJECTS: '{"boss":"operator"}',
  };

  it("is absent, or complete", () => {
    expect(readOidcSettings({})).toBeNull();
    expect(readOidcSettings(good)).toMatchObject({
      issuer: "https://id.example",
      clientSecret: null,
    });
    for (const [name, value] of [
      ["OIDC_ISSUER", "http://id.example"],
      ["OIDC_ISSUER", "id.example"],
      ["OIDC_CLIENT_ID", ""],
      ["OIDC_SUBJECTS", "boss"],
      ["OIDC_SUBJECTS", '["boss"]'],
      ["OIDC_SUBJECTS", '{"boss":"root"}'],
      ["OIDC_SUBJECTS", '{"":"operator"}'],
    ] as const) {
      expect([value, complaint(() => readOidcSettings({ ...good, [name]: value }))]).toEqual([
        value,
        expect.stringContaining(name),
      ]);
    }
  });
});

describe("other issuers", () => {
  const issuer = { issuer: "https://id.example", audience: ORIGIN, subjects: { boss: "operator" } };

  it("are a list of complete descriptions, with safe defaults", () => {
    expect(readExternalIssuers(undefined)).toEqual([]);
    expect(readExternalIssuers(JSON.stringify([issuer]))).toMatchObject([
      { typ: "at+jwt", max_age_seconds: 3600, algorithms: ["RS256", "ES256", "EdDSA"] },
    ]);
    for (const wrong of [
      "{",
      "{}",
      JSON.stringify([{ ...issuer, issuer: "http://id.example" }]),
      JSON.stringify([{ ...issuer, audience: "" }]),
      JSON.stringify([{ ...issuer, algorithms: ["HS256"] }]),
      JSON.stringify([{ ...issuer, algorithms: ["none"] }]),
      JSON.stringify([{ ...issuer, algorithms: [] }]),
      JSON.stringify([{ ...issuer, jwks_uri: "http://id.example/jwks" }]),
      JSON.stringify([{ ...issuer, subjects: { boss: "everyone" } }]),
      JSON.stringify([{ ...issuer, extra: true }]),
    ]) {
      expect([wrong, complaint(() => readExternalIssuers(wrong))]).toEqual([
        wrong,
        expect.stringContaining("EXTERNAL_ISSUERS"),
      ]);
    }
  });
});
