import { describe, expect, it } from "vitest";
import { createWorld } from "../../../test/support/relay/world.ts";
import { CLOSE } from "./relay-errors.ts";

describe("a PC that the owner chooses", () => {
  it("replaces the live one at once, and connects at its next try", () => {
    const world = createWorld();
    const first = world.connected();
    const second = world.addSidecar();
    world.choose(first);
    world.startSidecar(second);
    world.settle();
    expect(second.state.trouble).toMatchObject({ code: "STANDBY" });
    expect(world.edge().session.sidecarId).toBe(first.id);

    world.choose(second);
    world.settle();
    expect(world.live()).toBeNull();
    expect(first.closes.at(-1)).toBe(CLOSE.superseded);
    expect(first.state.trouble).toMatchObject({ code: "STANDBY" });
    world.advance(61_000);
    expect(world.live()).not.toBeNull();
    expect(world.edge().session.sidecarId).toBe(second.id);
    // The first asks once a minute and never takes over by itself.
    world.advance(200_000);
    expect(world.edge().session.sidecarId).toBe(second.id);
  });

  it("leaves the one alone that is in use already", () => {
    const world = createWorld();
    const only = world.connected();
    world.choose(only);
    world.settle();
    expect(world.live()).not.toBeNull();
    expect(only.closes).toEqual([]);
  });
});

describe("two copies of one device key", () => {
  it("do not take over from each other for ever: the newer is refused, and both are told", () => {
    const world = createWorld();
    const original = world.connected();
    const copy = world.addSidecar();
    // A copied folder: the same key and name, and a journal of the same content.
    Object.assign(copy, { id: original.id, key: original.key });
    world.startSidecar(copy);
    world.settle();
    expect(original.state.trouble).toMatchObject({
      code: "SUPERSEDED",
      message: expect.stringContaining("folder was copied"),
    });
    const epochAt = (ms: number): number => {
      world.advance(ms);
      return world.edge().session.epoch;
    };
    const settled = epochAt(10 * 60_000);
    expect(settled).toBeLessThanOrEqual(5);
    expect(epochAt(20 * 60_000)).toBe(settled);
    expect(world.live()).not.toBeNull();
    const refused = [original, copy].filter(({ state }) => state.link.kind === "waiting");
    expect(refused).toHaveLength(1);
    expect(refused[0]?.state.trouble).toMatchObject({
      code: "ALREADY_EXISTS",
      message: expect.stringContaining("copied"),
    });
    const { link } = refused[0]?.state ?? {};
    expect(link?.kind === "waiting" ? link.until - world.now() : 0).toBeGreaterThan(60_000);
  });

  it("a PC that comes back after its connection died is not taken for a copy", () => {
    const world = createWorld();
    const only = world.connected();
    for (let round = 0; round < 8; round += 1) {
      world.killSidecar(only);
      world.startSidecar(only);
      world.advance(30_000);
      expect(world.live(), `round ${round}`).not.toBeNull();
      expect(only.state.link.kind).toBe("live");
    }
  });
});
