import { expect, it } from "vitest";
import { sourceOf } from "./source-address.ts";

const from = (address: string) =>
  sourceOf(new Request("http://localhost", { headers: { "CF-Connecting-IP": address } }));

it("takes an IPv6 network for one source, however its addresses are written", () => {
  const same = from("2001:db8:1:2::1");
  expect(from("2001:db8:1:2:ffff:ffff:ffff:ffff")).toBe(same);
  expect(from("2001:db8:1:2:0:0:0:5")).toBe(same);
  expect(from("2001:db8:1:3::1")).not.toBe(same);
  expect(from("::1")).not.toBe(from("2001::1"));
  expect(from("198.51.100.1")).not.toBe(from("198.51.100.2"));
});

it("shows no address", () => {
  expect(from("198.51.100.7")).toMatch(/^[0-9a-f]{32}$/);
  expect(sourceOf(new Request("http://localhost"))).toMatch(/^[0-9a-f]{32}$/);
});
