import { checkStatement, statementHash } from "@ibkr-edge-gateway/evidence/order/statement.ts";
import { challengeOf } from "@ibkr-edge-gateway/protocol/approval/statement.ts";
import { approvedHash } from "@ibkr-edge-gateway/protocol/approval-page/approved-statement.ts";
import { envelopeSha256 } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import {
  type EnrolmentMessage,
  enrolmentChallenge,
  enrolmentCodeOf,
  enrolmentEnds,
  enrolmentMac,
} from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { PasskeyAssertion, PasskeyRegistration } from "@ibkr-edge-gateway/protocol/passkey.ts";
import { beforeEach, describe, expect, it } from "vitest";
import { type PcOrders, pcOrders } from "../../../../test/support/pc-orders.ts";
import { type Overrides, SoftwarePasskey } from "../../../../test/support/software-passkey.ts";
import {
  acceptEnrolment,
  removeApprover,
  undoEnrolment,
  wordsOfWaiting,
} from "../../trust/enrolment/accept-enrolment.ts";
import { memorySigningKey } from "../../trust/pc-keys/statement-and-witness-keys.ts";
import { hostedPages } from "../../trust/tables/approver-pages.ts";
import {
  approverFingerprint,
  approverStatement,
  findApprover,
  listApprovers,
} from "../../trust/tables/approvers.ts";
import { beginEnrolment, currentEnrolment } from "../../trust/tables/enrolments.ts";
import { createPageService, type PageService } from "./page-service.ts";
import { type Enrolled, ticketKeyText } from "./page-service-parts.ts";
import { keepSealed } from "./seal-envelope.ts";

const ORIGIN = "https://approve.example";
const RP = "approve.example";
const SEED = new Uint8Array(11).fill(3);
const ticketKey = memorySigningKey();

let pc: PcOrders;
let page: PageService;
let phone: SoftwarePasskey;
let enrolled: Enrolled[];

beforeEach(() => {
  pc = pcOrders({ source: "client_portal" });
  removeApprover(pc.store.db, pc.phone.credentialId, 1);
  phone = new SoftwarePasskey(ORIGIN);
  enrolled = [];
  page = createPageService({
    ...pc.submit,
    ticketKey,
    hostedFault: () => null,
    tellGateway: () => undefined,
    tellEnrolled: (one) => enrolled.push(one),
  });
});

const code = () => enrolmentCodeOf(SEED, enrolmentEnds(pc.clock.now()));
const begin = (via: "qr" | "loopback" = "qr") => {
  const given = code();
  const place = { via, origin: ORIGIN, rpId: RP, label: "phone" };
  beginEnrolment(pc.store.db, { ...place, code: given }, pc.clock.now());
  return given;
};

interface Made {
  by?: SoftwarePasskey;
  place?: Partial<{ rp_id: string; origin: string; sidecar_id: string; pc_key: string }>;
  ceremony?: Overrides;
  secret?: string;
}

/** What the page sends, every part of it open to be wrong. */
function message({ by = phone, place = {}, ceremony = {}, secret }: Made = {}): EnrolmentMessage {
  const { nonce, secret: own } = code();
  const at = {
    rp_id: RP,
    origin: ORIGIN,
    sidecar_id: pc.options.sidecarId,
    pc_key: ticketKeyText(ticketKey),
    nonce,
    ...place,
  };
  const made = PasskeyRegistration.parse(
    JSON.parse(
      by.register(
        {
          kind: "create",
          options: { challenge: enrolmentChallenge(at), rp: { id: RP }, user: { id: "u" } },
        },
        ceremony,
      ),
    ),
  );
  const unsigned = {
    v: 1 as const,
    kind: "enrolment" as const,
    rp_id: at.rp_id,
    origin: at.origin,
    registration: {
      id: made.id,
      client_data_json: made.response.clientDataJSON,
      attestation_object: made.response.attestationObject,
      transports: ["internal"],
    },
    page_token_sha256: "f".repeat(64),
  };
  return { ...unsigned, mac: enrolmentMac(secret ?? own, unsigned) };
}

const rules = async (given: EnrolmentMessage, via: "qr" | "loopback" = "qr") =>
  (await page.submit(given, via)).refusals.map(({ rule }) => rule);
const approvers = () => listApprovers(pc.store.db).map(({ label }) => label);

describe("a passkey that a page made", () => {
  it("waits for whoever sits at the PC, proves that it works, and is stated", async () => {
    begin();
    expect(await rules(message())).toEqual([]);
    expect(approvers()).toEqual([]);
    const words = wordsOfWaiting(pc.store.db);
    expect(words?.split(" ")).toHaveLength(6);
    expect(acceptEnrolment(pc.store.db, pc.clock.now())).toBe(true);
    const { db } = pc.store;
    const approver = findApprover(db, phone.credentialId, false);
    expect(approver).toMatchObject({
      kind: "qr",
      relyingParty: { id: RP, origins: [ORIGIN] },
      fingerprint: words,
    });
    expect(hostedPages(db, 8)).toMatchObject([{ origin: ORIGIN, tokenSha256: "f".repeat(64) }]);

    const { credentialId } = phone;
    const nowMs = pc.clock.now();
    const probe = { act: "probe" as const, about: "probe", notAfterMs: nowMs + 120_000 };
    await keepSealed(
      { ...pc.submit, ticketKey },
      { ...probe, body: { credential_id: credentialId } },
      nowMs,
    );
    const [envelope] = await page.pending();
    if (envelope === undefined) throw new Error("no probe waits");
    const choice = { nonce: "5".repeat(32), accepted_warnings: [] };
    const used = PasskeyAssertion.parse(
      JSON.parse(
        phone.use({
          kind: "get",
          options: { challenge: challengeOf(approvedHash(envelope, choice)), rpId: RP },
        }),
      ),
    );
    const answer = {
      ...{ v: 1 as const, kind: "approval" as const, ...choice },
      ticket_sha256: envelopeSha256(envelope),
      assertion: {
        id: used.id,
        client_data_json: used.response.clientDataJSON,
        authenticator_data: used.response.authenticatorData,
        signature: used.response.signature,
      },
    };
    expect(await page.submit(answer, "qr")).toMatchObject({
      accepted: true,
      receipt: { body: { verdict: "accepted" } },
      actOn: null,
    });
    expect(currentEnrolment(db)?.state).toBe("proved");
    const statement = JSON.parse(approverStatement(db, credentialId) ?? "{}");
    await checkStatement(statement, ticketKey.publicKey);
    // The gateway hears of it, for its log.
    const statement_sha256 = statementHash(statement.body);
    expect(enrolled).toMatchObject([{ via: "qr", origin: ORIGIN, statement_sha256, statement }]);
    expect(statement.body).toMatchObject({ kind: "approver", rp_id: RP, enrolled_via: "qr" });
    expect(approver === null || approverFingerprint(approver.publicKey)).toBe(words);
  });

  it("with a wrong seal ends the ceremony: who carries it has one guess", async () => {
    begin();
    const mallory = new SoftwarePasskey(ORIGIN);
    expect(await rules(message({ by: mallory, secret: "0".repeat(32) }))).toEqual(["mac"]);
    expect(currentEnrolment(pc.store.db)).toMatchObject({ state: "ended" });
    // The true one comes too late, and the owner is told so at the terminal.
    expect(await rules(message())).toEqual(["open_at_pc"]);
    expect(approvers()).toEqual([]);
  });

  it("whose key, token, page or place was swapped under a true seal is not taken", async () => {
    const true_ = message();
    const mallory = message({ by: new SoftwarePasskey(ORIGIN) });
    for (const swapped of [
      { ...true_, registration: mallory.registration },
      { ...true_, page_token_sha256: "0".repeat(64) },
      { ...true_, origin: "https://evil.example" },
      { ...true_, rp_id: "evil.example" },
    ]) {
      begin();
      expect(await rules(swapped)).toEqual(["mac"]);
      expect(wordsOfWaiting(pc.store.db)).toBeNull();
    }
  });

  it.each<[string, Made, string]>([
    ["another page", { place: { origin: "https://evil.example" } }, "place"],
    ["another site", { place: { rp_id: "evil.example" } }, "place"],
    ["another PC", { place: { sidecar_id: "sc_other" } }, "challenge"],
    ["another PC's key", { place: { pc_key: "A".repeat(43) } }, "challenge"],
    ["a page that says another origin", { ceremony: { origin: "https://evil.example" } }, "origin"],
    ["a frame", { ceremony: { crossOrigin: true } }, "origin"],
    ["a use in place of a making", { ceremony: { type: "webauthn.get" } }, "webauthn_create"],
    ["nobody verified", { ceremony: { userVerified: false } }, "user_verified"],
    ["nobody there", { ceremony: { userPresent: false } }, "user_verified"],
    ["another relying party", { ceremony: { rpId: "evil.example" } }, "rp_id_hash"],
  ])("of %s is not taken, with a true seal neither", async (_name, made, rule) => {
    begin();
    expect(await rules(message(made))).toEqual([rule]);
    expect(wordsOfWaiting(pc.store.db)).toBeNull();
    expect(acceptEnrolment(pc.store.db, pc.clock.now())).toBe(false);
    expect(approvers()).toEqual([]);
  });

  it("is taken once, by the way that was named, while a ceremony is open", async () => {
    expect(await rules(message())).toEqual(["open_at_pc"]);
    begin("loopback");
    expect(await rules(message(), "qr")).toEqual(["open_at_pc"]);
    begin();
    const given = message();
    expect(await rules(given)).toEqual([]);
    expect(await rules(given)).toEqual(["open_at_pc"]);
    expect(await rules(message({ by: new SoftwarePasskey(ORIGIN) }))).toEqual(["open_at_pc"]);
  });

  it("comes within five minutes", async () => {
    begin();
    const given = message();
    pc.clock.run(300_000);
    expect(await rules(given)).toEqual(["not_expired"]);
    expect(currentEnrolment(pc.store.db)?.state).toBe("ended");
  });

  it("that does not prove that it works is no approver, and its page speaks for nobody", async () => {
    begin();
    await page.submit(message(), "qr");
    acceptEnrolment(pc.store.db, pc.clock.now());
    expect(approvers()).toEqual(["phone"]);
    undoEnrolment(pc.store.db, "it was not used", pc.clock.now());
    expect(approvers()).toEqual([]);
    expect(hostedPages(pc.store.db, 8)).toEqual([]);
    expect(currentEnrolment(pc.store.db)).toMatchObject({ state: "ended", why: "it was not used" });
  });
});
