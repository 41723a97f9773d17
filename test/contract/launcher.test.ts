import { afterAll, beforeAll, expect, it } from "vitest";
import { type Gateway, startGateway } from "../support/gateway.ts";

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

it("answers over HTTP on loopback", async () => {
  const response = await fetch(`${gateway.url}/`);
  expect(response.status).toBeLessThan(500);
  await response.body?.cancel();
});

it("has applied the D1 migrations", async () => {
  const database = await gateway.d1();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all();
  expect(results).toContainEqual({ name: "0001_audit.sql" });
});
