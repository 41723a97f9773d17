import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { noLog } from "../../../test/support/intent-record.ts";
import { createTrustTables } from "../trust/schema.ts";
import { acceptSeen, addHostedPage } from "../trust/tables/hosted-page.ts";
import { noteMadePage } from "../trust/tables/made-pages.ts";
import { hostedPageFault } from "../trust/verify/hosted-page-fault.ts";
import { hostedSha256, lookAtHostedPages } from "./check-hosted-page.ts";
import { tellOfNewVersion } from "./new-page-version.ts";

let db: DatabaseSync;
let server: Server;
let url: string;
let served: { status: number; body: string };
const MADE = "<p>as made</p>";
const hash = (text: string) => createHash("sha256").update(text).digest("hex");

beforeEach(async () => {
  db = new DatabaseSync(":memory:");
  createTrustTables(db);
  served = { status: 200, body: MADE };
  server = createServer((_request, response) => {
    const { status, body } = served;
    response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  url = `http://127.0.0.1:${address.port}/`;
  addHostedPage(db, url);
});
afterEach(() => {
  server.close();
});

const look = () => lookAtHostedPages(db, hash(MADE), { fetching: fetch, nowMs: 1 });

it("finds nothing to say of the page as this PC made it", async () => {
  expect(await look()).toEqual([]);
  expect(hostedPageFault(db, [new URL(url).origin])).toBeNull();
});

it("takes no answer of another page until its owner accepts it, and tells of it once", async () => {
  served.body = "<p>as made</p><script>evil()</script>";
  expect(await look()).toEqual([url]);
  expect(await look()).toEqual([]);
  expect(hostedPageFault(db, [new URL(url).origin])).toMatchObject({ rule: "page_as_made" });
  acceptSeen(db, url, hash(served.body));
  expect(hostedPageFault(db, [new URL(url).origin])).toBeNull();
  expect(await look()).toEqual([]);
  served.body = "<p>a third</p>";
  expect(await look()).toEqual([url]);
  expect(hostedPageFault(db, [new URL(url).origin])).not.toBeNull();
  // The file that this PC made is right again, whatever was accepted.
  served.body = MADE;
  await look();
  expect(hostedPageFault(db, [new URL(url).origin])).toBeNull();
});

it("takes a page that cannot be read for no difference, and for no cure of one", async () => {
  served = { status: 500, body: "<p>another</p>" };
  expect(await look()).toEqual([]);
  served = { status: 302, body: "" };
  expect(await look()).toEqual([]);
  expect(hostedPageFault(db, [new URL(url).origin])).toBeNull();
  served = { status: 200, body: "<p>another</p>" };
  await look();
  served = { status: 500, body: MADE };
  await look();
  expect(hostedPageFault(db, [new URL(url).origin])).not.toBeNull();
  expect(await hostedSha256("http://127.0.0.1:1/", fetch)).toBeNull();
});

describe("after an update of the program", () => {
  const NEW = "<p>as made by the next version</p>";
  const day = 24 * 60 * 60_000;
  const lookAt = (nowMs: number) => lookAtHostedPages(db, hash(NEW), { fetching: fetch, nowMs });
  const fault = () => hostedPageFault(db, [new URL(url).origin]);
  const said: string[] = [];
  const reach = {
    terminal: (lines: string[]) => said.push(lines.join("\n")) > 0,
    desktop: async () => false,
    push: async () => false,
  };
  const tell = (nowMs: number) => tellOfNewVersion(db, hash(NEW), nowMs, reach, noLog);

  beforeEach(() => {
    said.length = 0;
    expect(noteMadePage(db, hash(MADE), 0)).toBe(false);
    expect(noteMadePage(db, hash(NEW), day)).toBe(true);
  });

  it("the older page goes on for thirty days, with a word at once and one before they end", async () => {
    expect(await lookAt(2 * day)).toEqual([]);
    expect(fault()).toBeNull();
    tell(2 * day);
    tell(3 * day);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain("taken until\n  1970-02-01, or until the new one stands there");
    tell(29 * day);
    tell(30 * day);
    expect(said).toHaveLength(2);
    expect(await lookAt(31 * day)).toEqual([url]);
    expect(fault()?.message).toContain("older one that this PC made, and its time is over");
    served.body = NEW;
    await lookAt(31 * day);
    expect(fault()).toBeNull();
  });

  it("the older page is over where the new one stood once, and a page of nobody's has no time at all", async () => {
    served.body = NEW;
    expect(await lookAt(2 * day)).toEqual([]);
    tell(2 * day);
    expect(said).toEqual([]);
    served.body = MADE;
    expect(await lookAt(3 * day)).toEqual([url]);
    expect(fault()).not.toBeNull();
    served.body = "<p>somebody's</p>";
    expect(await lookAt(3 * day)).toEqual([url]);
    expect(fault()?.message).toContain("not the one that this PC made");
  });
});
