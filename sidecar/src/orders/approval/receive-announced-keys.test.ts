import { describe, expect, it } from "vitest";
import { pcOrders } from "../../../../test/support/pc-orders.ts";
import { softwareAuthenticator } from "../../../../test/support/software-authenticator.ts";
import { type AnnouncedKey, refuseAnnounced } from "../../trust/enrolment/announced-keys.ts";
import { findApprover, revokeApprover } from "../../trust/tables/approvers.ts";
import { receiveAnnouncedKeys } from "./receive-announced-keys.ts";

function rig(takeUnasked = false, source: "simulator" | "client_portal" = "simulator") {
  const waiting: string[] = [];
  const taken: string[] = [];
  const pc = pcOrders({ source });
  const keys = {
    takeUnasked,
    taken: ({ label }: AnnouncedKey) => taken.push(label),
    waiting: (some: AnnouncedKey[]) => waiting.push(...some.map(({ label }) => label)),
  };
  const laptop = softwareAuthenticator();
  const announce = (...names: string[]) =>
    receiveAnnouncedKeys(
      { store: pc.store, clock: pc.clock, simulator: pc.submit.simulator, keys },
      {
        keys: names.map((name) => ({
          credential_id: name === "phone" ? pc.phone.credentialId : laptop.credentialId,
          public_key: Buffer.from(
            name === "phone" ? pc.phone.publicKey : laptop.publicKey,
          ).toString("base64url"),
          name,
        })),
      },
    );
  return { pc, laptop, announce, waiting, taken };
}
const states = (answer: { keys: { state: string }[] }) => answer.keys.map(({ state }) => state);

describe("the passkeys that the gateway says its owner has", () => {
  it("a known one is accepted already; a new one waits for somebody at this PC", async () => {
    const { announce, waiting, pc, laptop } = rig();
    expect(states(await announce("phone", "laptop"))).toEqual(["accepted", "waiting"]);
    expect(waiting).toEqual(["laptop"]);
    expect(findApprover(pc.store.db, laptop.credentialId, false)).toBeNull();
  });

  it("are taken unasked at the simulator only", async () => {
    const simulated = rig(true);
    expect(states(await simulated.announce("laptop"))).toEqual(["accepted"]);
    expect(simulated.taken).toEqual(["laptop"]);
    const real = rig(true, "client_portal");
    expect(states(await real.announce("laptop"))).toEqual(["waiting"]);
    expect([real.taken, real.waiting]).toEqual([[], ["laptop"]]);
  });

  it("that somebody here said no to are not asked about again", async () => {
    const { announce, waiting, pc, laptop } = rig();
    await announce("laptop");
    refuseAnnounced(pc.store.db, laptop.credentialId, pc.clock.now());
    await announce("laptop");
    expect(waiting).toEqual(["laptop"]);
  });

  it("that was revoked here is not taken again by being announced", async () => {
    const { announce, pc, taken } = rig(true);
    revokeApprover(pc.store.db, pc.phone.credentialId, pc.clock.now());
    expect(states(await announce("phone"))).toEqual(["removed"]);
    expect(taken).toEqual([]);
  });
});
