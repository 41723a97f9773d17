import { CAPABILITIES, type Capability } from "@ibkr-edge-gateway/protocol/capabilities.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { askRecovery, dropRecovery, pendingRecoveries } from "../access/member-recovery.ts";
import { issueRecoveryCode, takeRecoveryCode } from "../access/recovery-code.ts";
import { MIGRATIONS } from "../schema.ts";
import {
  addSidecar,
  chooseSidecar,
  chosenSidecar,
  findSidecar,
  isKnownKey,
  listSidecars,
  revokeSidecar,
  rotateSidecarKey,
} from "./tables/sidecars.ts";
import { undoPairing } from "./undo-pairing.ts";

const NOW = Date.UTC(2026, 10, 30);

function account() {
  const sql = sqlStorage(...MIGRATIONS.map(({ sql: statements }) => statements));
  let now = NOW;
  const pair = (machine: string, capabilities: Capability[]) => {
    now += 1_000;
    return addSidecar(
      sql,
      {
        devicePublicKey: `key of ${machine}`,
        machine,
        version: "1",
        fingerprint: "f",
        capabilities,
      },
      now,
    );
  };
  return { sql, pair, tick: () => (now += 1_000) };
}

const capabilities = fc.subarray([...CAPABILITIES]);
type Act = { kind: "revoke" | "choose" | "rotate" } | { kind: "pair"; granted: Capability[] };
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.constantFrom<Act>({ kind: "revoke" }, { kind: "choose" }, { kind: "rotate" }),
  capabilities.map((granted) => ({ kind: "pair" as const, granted })),
);

describe("undoing a pairing", () => {
  it("never gives the PC more than it may do at that moment, nor lets it in again", () => {
    fc.assert(
      fc.property(
        fc.option(capabilities, { nil: null }),
        capabilities,
        fc.array(act, { maxLength: 3 }),
        (first, again, acts) => {
          const { sql, pair, tick } = account();
          if (first !== null) pair("desk", first);
          const { sidecarId, undo } = pair("desk", again);
          for (const one of acts) {
            if (one.kind === "revoke") revokeSidecar(sql, sidecarId);
            if (one.kind === "choose") chooseSidecar(sql, sidecarId, tick());
            if (one.kind === "rotate") rotateSidecarKey(sql, sidecarId, "another key");
            if (one.kind === "pair") pair("desk", one.granted);
          }
          const before = findSidecar(sql, sidecarId);
          undoPairing(sql, sidecarId, undo);
          const after = findSidecar(sql, sidecarId);
          expect(before?.capabilities).toEqual(
            expect.arrayContaining([...(after?.capabilities ?? [])]),
          );
          if (before?.state === "revoked") expect(after).toEqual(before);
          if (acts.some(({ kind }) => kind === "pair")) expect(after).toEqual(before);
        },
      ),
      { seed: 20_261_130, numRuns: 60 },
    );
  });

  it("leaves a choice that the owner made since", () => {
    const { sql, pair, tick } = account();
    pair("desk", ["broker.read"]);
    pair("laptop", ["broker.read"]);
    const { sidecarId, undo } = pair("desk", ["broker.read"]);
    chooseSidecar(sql, sidecarId, tick());
    undoPairing(sql, sidecarId, undo);
    expect(chosenSidecar(sql)?.machine).toBe("desk");
  });

  it("gives the session back to the PC that its owner had chosen", () => {
    const { sql, pair, tick } = account();
    const desk = pair("desk", ["broker.read"]);
    pair("laptop", ["broker.read"]);
    chooseSidecar(sql, desk.sidecarId, tick());
    const { sidecarId, undo } = pair("laptop", ["broker.read"]);
    expect(chosenSidecar(sql)?.machine).toBe("laptop");
    undoPairing(sql, sidecarId, undo);
    expect(chosenSidecar(sql)?.machine).toBe("desk");
  });

  it("fits no second pairing in the same millisecond", () => {
    const { sql } = account();
    const key = { devicePublicKey: "k", machine: "desk", version: "1", fingerprint: "f" };
    const { sidecarId, undo } = addSidecar(sql, { ...key, capabilities: [] }, NOW);
    addSidecar(sql, { ...key, capabilities: [] }, NOW);
    expect(undoPairing(sql, sidecarId, undo)).toBeNull();
  });
});

it("the list says which PC is in use once the chosen one is revoked", () => {
  const { sql, pair, tick } = account();
  const named = () => listSidecars(sql).find(({ next }) => next)?.machine;
  const desk = pair("desk", []);
  expect(named()).toBeUndefined();
  pair("laptop", []);
  pair("cellar", []);
  chooseSidecar(sql, desk.sidecarId, tick());
  expect([chosenSidecar(sql)?.machine, named()]).toEqual(["desk", "cellar"]);
  revokeSidecar(sql, desk.sidecarId);
  expect([chosenSidecar(sql)?.machine, named()]).toEqual(["cellar", "laptop"]);
});

describe("a revoked PC", () => {
  it("keeps its key to itself, so that no other PC can change to it", () => {
    const { sql, pair } = account();
    const { sidecarId } = pair("desk", []);
    revokeSidecar(sql, sidecarId);
    expect(isKnownKey(sql, "key of desk")).toBe(true);
    expect(isKnownKey(sql, "a new key")).toBe(false);
  });

  it("has asked for no way in when it is paired again", () => {
    const { sql, pair, tick } = account();
    const { sidecarId } = pair("desk", []);
    askRecovery(sql, sidecarId, tick());
    const code = issueRecoveryCode(sql, sidecarId, tick());
    revokeSidecar(sql, sidecarId);
    dropRecovery(sql, sidecarId);
    pair("desk", []);
    expect(pendingRecoveries(sql, tick())).toEqual([]);
    expect(takeRecoveryCode(sql, code, tick())).toBeNull();
  });
});
