import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createTrustTables } from "../trust/schema.ts";
import { acceptSeen, addHostedPage } from "../trust/tables/hosted-page.ts";
import { hostedPageFault } from "../trust/verify/hosted-page-fault.ts";
import { hostedSha256, lookAtHostedPages } from "./check-hosted-page.ts";

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
