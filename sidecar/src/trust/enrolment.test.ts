import { DatabaseSync } from "node:sqlite";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type EnrolmentStatement,
  statementHash,
} from "../../../src/protocol/approval/statement.ts";
import {
  RELYING_PARTY,
  type SoftwareAuthenticator,
  softwareAuthenticator,
} from "../../../test/support/software-authenticator.ts";
import { approverFingerprint, findApprover, listApprovers, revokeApprover } from "./approvers.ts";
import { enrolAtTerminal, enrolBySignature } from "./enrolment.ts";
import { createTrustTables } from "./schema.ts";

const NOW_MS = Date.parse("2026-11-20T15:00:00.000Z");
const own = {
  gatewayAccountId: "acc_7d3f",
  sidecarId: "sc_1b2c",
  relyingParty: RELYING_PARTY,
  nowMs: NOW_MS,
};

let db: DatabaseSync;
let phone: SoftwareAuthenticator;
let laptop: SoftwareAuthenticator;

beforeEach(() => {
  db = new DatabaseSync(":memory:");
  createTrustTables(db);
  phone = softwareAuthenticator();
  laptop = softwareAuthenticator("EdDSA");
  enrolAtTerminal(db, offerOf(phone), NOW_MS);
});

const offerOf = (key: SoftwareAuthenticator) => ({
  credentialId: key.credentialId,
  publicKey: Buffer.from(key.publicKey).toString("base64url"),
  label: "phone",
});

const enrolment = (over: Partial<EnrolmentStatement> = {}): EnrolmentStatement => ({
  gateway_account_id: "acc_7d3f",
  sidecar_id: "sc_1b2c",
  credential_id: laptop.credentialId,
  public_key: Buffer.from(laptop.publicKey).toString("base64url"),
  label: "laptop",
  nonce: "1".repeat(32),
  not_after: "2026-11-20T15:05:00.000Z",
  ...over,
});

const enrol = async (
  asked: EnrolmentStatement,
  by: SoftwareAuthenticator = phone,
  signed: EnrolmentStatement = asked,
) => {
  const assertion = by.approve(statementHash({ act: "enrol_approver", enrolment: signed }));
  return (await enrolBySignature(db, asked, assertion, own)).map(({ code }) => code);
};

describe("a later approver", () => {
  it("comes in by the signature of one that is here, and says by whom", async () => {
    expect(await enrol(enrolment())).toEqual([]);
    expect(findApprover(db, laptop.credentialId)).toMatchObject({
      label: "laptop",
      enrolledBy: phone.credentialId,
      fingerprint: approverFingerprint(laptop.publicKey),
    });
    expect(approverFingerprint(laptop.publicKey).split(" ")).toHaveLength(6);
  });

  it("is not appointed by itself, by a stranger, or by a key that was revoked", async () => {
    expect(await enrol(enrolment(), laptop)).toEqual(["APPROVAL_KEY_NOT_ENROLLED"]);
    expect(await enrol(enrolment(), softwareAuthenticator())).toEqual([
      "APPROVAL_KEY_NOT_ENROLLED",
    ]);
    revokeApprover(db, phone.credentialId, NOW_MS);
    expect(await enrol(enrolment())).toEqual(["APPROVAL_KEY_NOT_ENROLLED"]);
    expect(listApprovers(db)).toEqual([]);
  });

  it("is not another key than the one that was signed for, nor for another PC, nor late, nor twice", async () => {
    const other = enrolment({ public_key: Buffer.from(phone.publicKey).toString("base64url") });
    expect(await enrol(other, phone, enrolment())).toEqual(["APPROVAL_CHALLENGE_MISMATCH"]);
    expect(await enrol(enrolment({ sidecar_id: "sc_other" }))).toEqual([
      "APPROVAL_PREVIEW_MISMATCH",
    ]);
    expect(await enrol(enrolment({ not_after: "2026-11-20T15:00:00.000Z" }))).toEqual([
      "APPROVAL_EXPIRED",
    ]);
    expect(await enrol(enrolment())).toEqual([]);
    expect(await enrol(enrolment({ label: "again" }))).toEqual(["APPROVAL_CONSUMED"]);
  });

  it("is a key of a kind this PC can judge", async () => {
    expect(await enrol(enrolment({ public_key: "AAAA" }))).toEqual(["APPROVAL_ALGORITHM_REFUSED"]);
    expect(enrolAtTerminal(db, { ...offerOf(laptop), publicKey: "AAAA" }, NOW_MS)).toBe(false);
  });
});
