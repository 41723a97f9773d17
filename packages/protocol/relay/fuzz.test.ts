import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  brokenTexts,
  edgeFrames,
  type FuzzedFrame,
  sidecarFrames,
} from "../../../test/support/relay/frame-arbitraries.ts";
import { pairedPeer } from "../../../test/support/relay/raw-peer.ts";
import { createWorld, type World } from "../../../test/support/relay/world.ts";
import type { Sidecar } from "../../../test/support/relay/world-state.ts";
import { decodeFrame } from "./frame-codec.ts";
import { FROM_EDGE, FROM_SIDECAR } from "./messages.ts";
import { RELAY_ERROR_CODES } from "./relay-errors.ts";

const RUNS = Number(process.env.FUZZ_RUNS ?? 400);
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_120);

/** What a decoder may say: a frame, nothing (optional), or a problem with a code. */
function checkDecoded(text: string): void {
  for (const catalogue of [FROM_SIDECAR, FROM_EDGE]) {
    const decoded = decodeFrame(text, catalogue);
    if (decoded.ok === true) {
      expect(Object.keys(catalogue)).toContain(decoded.frame.type);
    } else if (decoded.ok === false) {
      expect(RELAY_ERROR_CODES).toContain(decoded.problem.code);
      expect(decoded.problem.message.length).toBeLessThan(200);
    }
  }
}

describe("the frame decoders, fed anything", () => {
  it("take any text without a crash and answer in the protocol's own terms", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 400 }),
          fc.json({ maxDepth: 8 }),
          brokenTexts,
        ),
        checkDecoded,
      ),
      { seed: SEED, numRuns: RUNS * 10 },
    );
  });

  it("take any bytes that a socket would decode as UTF-8", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) =>
        checkDecoded(new TextDecoder().decode(bytes)),
      ),
      { seed: SEED, numRuns: RUNS * 5 },
    );
  });

  it.each([
    ["brackets", "[".repeat(1_000_000)],
    ["objects", '{"a":'.repeat(200_000)],
    ["closed brackets", `${"[".repeat(400_000)}${"]".repeat(400_000)}`],
    ["a key a megabyte long", `{"${"k".repeat(1_000_000)}":1}`],
    ["a number a megabyte long", `{"arcp":${"9".repeat(1_000_000)}}`],
    ["escapes", `"${"\\u0000".repeat(170_000)}"`],
    ["two hundred thousand keys", `{${Array.from({ length: 90_000 }, (_, n) => `"${n}":0`)}}`],
    [
      "prototype keys",
      '{"__proto__":{"arcp":"1.1"},"constructor":{"prototype":{}},"type":"__proto__"}',
    ],
  ])("%s are refused quickly", (_, text) => {
    // The processor's time: the clock's is also that of whatever else this machine does.
    const began = process.cpuUsage();
    checkDecoded(text);
    const { user, system } = process.cpuUsage(began);
    expect(user + system).toBeLessThan(1_000_000);
    expect(({} as Record<string, unknown>).arcp).toBeUndefined();
  });
});

/** The frame as text, with the head that the present session would have, unless the fuzz says otherwise. */
function textOf(world: World, frame: FuzzedFrame, session: object): string {
  return JSON.stringify({
    arcp: "1.1",
    id: world.nextId(),
    timestamp: new Date(world.now()).toISOString(),
    ...session,
    type: frame.type,
    payload: frame.payload,
    ...frame.head,
  });
}

describe("both machines, fed frames that are nearly right", () => {
  it.each(["new", "challenged", "live"] as const)(
    "the edge answers, closes or ignores, and never breaks: %s",
    (phase) => {
      fc.assert(
        fc.property(fc.array(sidecarFrames, { minLength: 1, maxLength: 12 }), (frames) => {
          const world = createWorld(7);
          const peer = pairedPeer(world).dial();
          const accepted =
            phase === "live" ? peer.connect() : phase === "challenged" ? peer.open() : undefined;
          const { session_id, epoch } = accepted?.payload ?? {};
          const job = world.submit("test.read", {}, { deadlineMs: 60_000 });
          for (const frame of frames) {
            if (peer.closed() !== null) break;
            const before = peer.frames().length;
            const text = textOf(world, frame, { session_id, epoch });
            const decoded = decodeFrame(text, FROM_SIDECAR);
            peer.sendText(text);
            if (decoded.ok === false) {
              // Never dropped in silence.
              expect(peer.frames().length + (peer.closed() ?? 0)).toBeGreaterThan(before);
            }
          }
          world.advance(1_000);
          expect(world.edge().connections.size).toBeLessThanOrEqual(2);
          expect(world.edge().jobs.size).toBeLessThanOrEqual(1);
          expect(world.settlements.get(job)?.length ?? 0).toBeLessThanOrEqual(1);
        }),
        { seed: SEED, numRuns: RUNS },
      );
    },
  );

  it.each(["opened", "answered", "live"] as const)(
    "the sidecar answers, hangs up or ignores, and never breaks: %s",
    (phase) => {
      fc.assert(
        fc.property(fc.array(edgeFrames, { minLength: 1, maxLength: 12 }), (frames) => {
          const world = createWorld(8);
          const sidecar = reach(world, phase);
          for (const frame of frames) {
            const { link, dial } = sidecar.state;
            const session =
              link.kind === "live"
                ? { session_id: link.session.id, epoch: link.session.epoch }
                : {};
            const text = textOf(world, frame, session);
            const decoded = decodeFrame(text, FROM_EDGE);
            const before = sidecar.sent.length;
            world.sidecarInput(sidecar, { kind: "frame", dial, text });
            if (decoded.ok === false && link.kind === "live") {
              expect(sidecar.sent.length > before || sidecar.state.link.kind !== "live").toBe(true);
            }
          }
          expect(sidecar.state.jobs.size).toBeLessThanOrEqual(12);
          expect(sidecar.state.unjournaled).toEqual([]);
          // Whatever was said to it, it is able to go on afterwards.
          world.work(sidecar);
          world.advance(70_000);
          expect(["live", "waiting", "stopped"]).toContain(sidecar.state.link.kind);
        }),
        { seed: SEED, numRuns: RUNS },
      );
    },
  );
});

function reach(world: World, phase: "opened" | "answered" | "live"): Sidecar {
  const sidecar = world.addSidecar();
  world.startSidecar(sidecar);
  for (let steps = 0; steps < 100 && sidecar.state.link.kind !== phase; steps += 1)
    world.stepOnce();
  expect(sidecar.state.link.kind).toBe(phase);
  return sidecar;
}
