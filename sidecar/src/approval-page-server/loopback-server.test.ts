import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTrustTables } from "../trust/schema.ts";
import { freePort, loopbackPort } from "./loopback-port.ts";
import { type Loopback, startLoopback } from "./loopback-server.ts";
import { pageLink } from "./open-page.ts";
import { newLinkToken } from "./page-links.ts";

const PAGE = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; connect-src 'self'">`;

let folder: string;
let db: DatabaseSync;
let port: number;
let server: Loopback | null;
let nowMs: number;
let submitted: unknown[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "loopback-"));
  db = new DatabaseSync(":memory:");
  createTrustTables(db);
  nowMs = Date.parse("2026-11-20T15:00:00.000Z");
  submitted = [];
  port = await loopbackPort(folder);
  server = await start(port);
});

const start = (at: number): Promise<Loopback> =>
  startLoopback({
    port: at,
    page: PAGE,
    db,
    nowMs: () => nowMs,
    logger: { error: () => undefined },
    pageService: {
      pending: () => Promise.resolve([]),
      olderWaits: () => false,
      receipts: () => Promise.resolve([]),
      submit: (message) => {
        submitted.push(message);
        return Promise.resolve({ accepted: true, receipt: null, refusals: [], actOn: null });
      },
    },
  });
afterEach(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
});

interface Asked {
  path?: string;
  method?: string;
  host?: string;
  token?: string;
  headers?: Record<string, string>;
  body?: string;
  address?: string;
}

/** A request as nobody's browser would make it: every header is the caller's. */
function ask(
  asked: Asked = {},
): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
  const { path = "/", method = "GET", body } = asked;
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: asked.address ?? "127.0.0.1",
        port,
        path,
        method,
        headers: {
          host: asked.host ?? `localhost:${port}`,
          ...(asked.token === undefined ? {} : { authorization: `Bearer ${asked.token}` }),
          ...asked.headers,
        },
      },
      (response) => {
        let text = "";
        response.on("data", (part) => {
          text += String(part);
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

const link = () => newLinkToken(db, `http://localhost:${port}`, nowMs);
const denial = { v: 1, kind: "denial", ticket_sha256: "a".repeat(64) };
const post = (over: Asked = {}) =>
  ask({
    path: "/approver/v1/approvals",
    method: "POST",
    body: JSON.stringify(denial),
    ...over,
    headers: {
      "content-type": "application/json",
      "sec-fetch-site": "same-origin",
      ...over.headers,
    },
  });

describe("this PC's own page", () => {
  it("is given out under its own policy, in no frame, to nobody's cache", async () => {
    const { status, headers, text } = await ask();
    expect([status, text]).toEqual([200, PAGE]);
    expect(headers).toMatchObject({
      "content-security-policy": "default-src 'none'; connect-src 'self'; frame-ancestors 'none'",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
    });
    expect(headers).not.toHaveProperty("set-cookie");
    expect(headers).not.toHaveProperty("access-control-allow-origin");
  });

  it.each(["127.0.0.1", "localhost", "evil.example", "[::1]", "localhost.evil.example"])(
    "is not %s, with its port neither: a name that was bent to this address gets nothing",
    async (name) => {
      for (const host of [
        name === "localhost" ? name : `${name}:${port}`,
        `localhost:${port + 1}`,
      ]) {
        expect((await ask({ host })).status).toBe(421);
        expect((await post({ host, token: link() })).status).toBe(421);
      }
      expect(submitted).toEqual([]);
    },
  );

  it("takes what its own page posts, and nothing from another site or port", async () => {
    const token = link();
    expect((await post({ token })).status).toBe(200);
    expect(submitted).toEqual([denial]);
    for (const site of ["cross-site", "same-site", ""]) {
      expect((await post({ token, headers: { "sec-fetch-site": site } })).status).toBe(403);
    }
    for (const origin of ["https://evil.example", `http://localhost:${port + 1}`, "null"]) {
      expect((await post({ token, headers: { origin } })).status).toBe(403);
    }
    expect(submitted).toHaveLength(1);
  });

  it("answers no preflight, and no method but reading and posting", async () => {
    for (const method of ["OPTIONS", "PUT", "DELETE"]) {
      const { status, headers } = await ask({ method, path: "/approver/v1/approvals" });
      expect(status).toBe(405);
      expect(headers).not.toHaveProperty("access-control-allow-origin");
    }
  });

  it("shows what waits to the link of now alone", async () => {
    const path = "/approver/v1/pending";
    expect((await ask({ path })).status).toBe(401);
    const first = link();
    expect((await ask({ path, token: first })).text).toBe('{"v":1,"envelopes":[]}');
    const second = link();
    expect((await ask({ path, token: first })).status).toBe(401);
    expect((await ask({ path, token: second })).status).toBe(200);
    expect((await ask({ path, token: "A".repeat(43) })).status).toBe(401);
  });

  it("forgets a link that was not opened in five minutes, and one whose page was closed a minute ago", async () => {
    const path = "/approver/v1/receipts";
    const unused = link();
    nowMs += 300_000;
    expect((await ask({ path, token: unused })).status).toBe(401);
    const used = link();
    for (let minute = 0; minute < 30; minute += 1) {
      nowMs += 50_000;
      expect((await ask({ path, token: used })).status).toBe(200);
    }
    nowMs += 60_000;
    expect((await ask({ path, token: used })).status).toBe(401);
  });

  it("reads no message that is none, or too long, or not said to be JSON", async () => {
    const token = link();
    expect((await post({ token, body: "{" })).status).toBe(400);
    expect((await post({ token, body: JSON.stringify({ ...denial, v: 2 }) })).status).toBe(400);
    expect((await post({ token, body: JSON.stringify("x".repeat(60_000)) })).status).toBe(400);
    expect((await post({ token, headers: { "content-type": "text/plain" } })).status).toBe(400);
    expect(submitted).toEqual([]);
  });

  // A program of another user's there could hand the proof on to this PC's own program, and be given the link.
  it("is not served beside another program that has its port on the other loopback address", async ({
    skip,
  }) => {
    await server?.close();
    server = null;
    for (const address of ["::1", "127.0.0.1"]) {
      const squatter = createServer();
      const listening = await new Promise<boolean>((resolve) => {
        squatter.once("error", () => resolve(false));
        squatter.listen({ port, host: address, ipv6Only: true }, () => resolve(true));
      });
      if (!listening) return skip("this machine has no IPv6");
      await expect(start(port)).rejects.toThrow("EADDRINUSE");
      await new Promise<void>((resolve) => squatter.close(() => resolve()));
    }
    server = await start(port);
    expect((await ask({ path: "/approver/v1/pending", token: link() })).status).toBe(200);
  });

  it("is given no port that another program has on either address", async () => {
    const both = await freePort();
    for (const host of ["127.0.0.1", "::1"]) {
      const squatter = createServer();
      const has = await new Promise<boolean>((resolve) => {
        squatter.once("error", () => resolve(false));
        squatter.listen({ port: both, host, ipv6Only: host === "::1" }, () => resolve(true));
      });
      // A machine without IPv6 has no second address to be taken.
      if (!has) continue;
      try {
        await expect(freePort([both])).rejects.toThrow("no port is free");
        expect(await freePort([both, 0])).not.toBe(both);
      } finally {
        await new Promise((resolve) => squatter.close(resolve));
      }
    }
  });

  it("keeps its port, because its passkeys are bound to it", async () => {
    expect(await loopbackPort(folder)).toBe(port);
  });
});

describe("a link to it", () => {
  it("is made when this PC's own program answers at the port", async () => {
    const made = await pageLink(db, port, null, nowMs);
    expect(made).toMatch(new RegExp(`^http://localhost:${port}/#t=[A-Za-z0-9_-]{43}$`));
    const token = made.split("#t=")[1] ?? "";
    expect((await ask({ path: "/approver/v1/pending", token })).status).toBe(200);
  });

  it("is not made where another program does, or none", async () => {
    const other = new DatabaseSync(":memory:");
    createTrustTables(other);
    await expect(pageLink(other, port, null, nowMs)).rejects.toThrow("another program answers");
    await server?.close();
    server = null;
    await expect(pageLink(db, port, null, nowMs)).rejects.toThrow("nothing answers");
  });
});
