import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from "../../../../test/support/software-authenticator.ts";
import { createTrustTables } from "../schema.ts";
import {
  approverFingerprint,
  enrolApprover,
  findApprover,
  listApprovers,
  revokeApprover,
} from "../tables/approvers.ts";

const NOW_MS = Date.parse("2026-11-20T15:00:00.000Z");

let db: DatabaseSync;
let phone: SoftwareAuthenticator;

const enrol = (key: SoftwareAuthenticator, publicKey = key.publicKey) =>
  enrolApprover(
    db,
    { credentialId: key.credentialId, publicKey, label: "phone", enrolledBy: "terminal" },
    NOW_MS,
  );

beforeEach(() => {
  db = new DatabaseSync(":memory:");
  createTrustTables(db);
  phone = softwareAuthenticator();
});

describe("an approver", () => {
  it("is found by its id, with six words over its key", () => {
    expect(enrol(phone)).toBe(true);
    expect(findApprover(db, phone.credentialId, false)).toMatchObject({
      label: "phone",
      enrolledBy: "terminal",
      fingerprint: approverFingerprint(phone.publicKey),
    });
    expect(approverFingerprint(phone.publicKey).split(" ")).toHaveLength(6);
  });

  it("is a key of a kind this PC can judge", () => {
    expect(enrol(phone, new Uint8Array(3))).toBe(false);
    expect(listApprovers(db)).toEqual([]);
    expect(enrol(softwareAuthenticator("EdDSA"))).toBe(true);
  });

  it("that was removed is not found, and does not come back in, not even with another key", () => {
    enrol(phone);
    expect(revokeApprover(db, phone.credentialId, NOW_MS)).toBe(true);
    expect(findApprover(db, phone.credentialId, false)).toBeNull();
    expect(enrol(phone)).toBe(false);
    expect(enrol(phone, softwareAuthenticator().publicKey)).toBe(false);
    expect(listApprovers(db)).toEqual([]);
  });
});
