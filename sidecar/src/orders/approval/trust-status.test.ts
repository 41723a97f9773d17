import { expect, it } from "vitest";
import { anIntentRecord } from "../../../../test/support/intent-record.ts";
import { NOW } from "../../../../test/support/orders.ts";
import { ACCOUNT, pcOrders } from "../../../../test/support/pc-orders.ts";
import { softwareAuthenticator } from "../../../../test/support/software-authenticator.ts";
import { enrolApprover, revokeApprover } from "../../trust/tables/approvers.ts";
import { readTrustStatus } from "./trust-status.ts";

const status = (pc: ReturnType<typeof pcOrders>) =>
  readTrustStatus({ ...pc.submit, sidecarId: "sc_1b2c", nowMs: pc.clock.now() });

it("says what this PC trusts and allows, and which orders are in doubt", () => {
  const pc = pcOrders();
  pc.store.insert({ ...anIntentRecord(0), sent: true, state: "unknown" });
  pc.store.insert({ ...anIntentRecord(1), sent: true, state: "working" });
  const said = status(pc);
  expect(said).toMatchObject({
    sidecar_id: "sc_1b2c",
    as_of: NOW,
    capabilities: ["orders.paper"],
    kill_switch: { engaged: false, since: null, reason: null },
    caps_fault: null,
    approvers: [{ credential_id: pc.phone.credentialId, label: "phone" }],
    in_doubt: [{ coid: anIntentRecord(0).coid, account_id: ACCOUNT }],
  });
  expect(said.caps).not.toHaveProperty("v");
});

it("names no approver that was revoked, says why the switch is engaged and what is wrong with the caps", () => {
  const pc = pcOrders();
  revokeApprover(pc.store.db, pc.phone.credentialId, pc.clock.now());
  pc.local.engaged = true;
  pc.options.rules.caps = () => ({ ok: false, reason: "no JSON" });
  expect(status(pc)).toMatchObject({
    approvers: [],
    kill_switch: { engaged: true, reason: "by hand" },
    caps: null,
    caps_fault: "no JSON",
  });
});

it("says of each approver on whose page it is used", () => {
  const pc = pcOrders();
  for (const via of ["loopback", "qr"] as const) {
    const id = via === "loopback" ? "localhost" : "approve.example";
    const origin = via === "loopback" ? "http://localhost:41234" : "https://approve.example";
    enrolApprover(
      pc.store.db,
      {
        ...softwareAuthenticator(),
        label: via,
        enrolledBy: "terminal",
        own: { via, relyingParty: { id, origins: [origin] } },
      },
      1,
    );
  }
  const kinds = status(pc).approvers.map(({ label, kind }) => [label, kind]);
  expect(Object.fromEntries(kinds)).toEqual({
    phone: "terminal-edge",
    loopback: "loopback",
    qr: "qr",
  });
});
