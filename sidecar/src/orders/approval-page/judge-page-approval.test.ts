import { approvedIntent } from "@ibkr-edge-gateway/protocol/approval-page/approved-statement.ts";
import type { Envelope } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import { enrolmentCodeOf } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import type { ApprovalMessage } from "@ibkr-edge-gateway/protocol/approval-page/page-message.ts";
import { beforeEach, describe, expect, it } from "vitest";
import {
  ACTS,
  type ApprovalPagePc,
  AT_PAGE,
  approvalPagePc,
} from "../../../../test/support/approval-page.ts";
import {
  RELYING_PARTY,
  softwareAuthenticator,
} from "../../../../test/support/software-authenticator.ts";
import { acceptEnrolment } from "../../trust/enrolment/accept-enrolment.ts";
import { revokeApprover } from "../../trust/tables/approvers.ts";
import {
  beginEnrolment,
  currentEnrolment,
  keepEnrolledKey,
} from "../../trust/tables/enrolments.ts";
import { findMandate } from "../../trust/tables/mandates.ts";
import { isNonceUsed } from "../../trust/tables/nonces.ts";
import { ORDER_LIMITS } from "../limits.ts";
import { askOwner } from "./ask-on-page.ts";
import { judgeApproval } from "./judge-page-approval.ts";
import { keepSealed } from "./seal-envelope.ts";

const NONCE = "9".repeat(32);
const warning = { message_id: "o163", fingerprint: "1".repeat(64), text: "Exceeds 3 %." };
const { text: _text, ...shown } = warning;
const other = { message_id: "o164", fingerprint: "2".repeat(64) };
const GATEWAYS = { rpId: RELYING_PARTY.id, origin: "https://gateway.example" };

let at: ApprovalPagePc;
beforeEach(() => {
  at = approvalPagePc();
  at.enrol();
  at.preview({ warnings: [warning] });
});

const asked = async (act: (typeof ACTS)[number]) =>
  at.kept(await askOwner(at.parts, at.asked(act)));
const rules = async (envelope: Envelope, message: ApprovalMessage) => {
  const judged = await judgeApproval(at.parts, envelope, message);
  return judged.ok ? "taken" : judged.refusals.map(({ rule }) => rule).join();
};

describe.each(ACTS)("a yes to %s", (act) => {
  it("of a passkey of the gateway's pages is none", async () => {
    const envelope = await asked(act);
    const { phone } = at.pc;
    expect(await rules(envelope, at.yes(envelope, { by: phone, at: GATEWAYS }))).toBe(
      "enrolled_key",
    );
    expect(await rules(envelope, at.yes(envelope, { by: phone }))).toBe("enrolled_key");
    expect(isNonceUsed(at.pc.store.db, NONCE)).toBe(false);
  });

  it("of a passkey that nobody enrolled here, or that was revoked, is none", async () => {
    const envelope = await asked(act);
    const message = at.yes(envelope);
    expect(await rules(envelope, at.yes(envelope, { by: softwareAuthenticator() }))).toBe(
      "enrolled_key",
    );
    revokeApprover(at.pc.store.db, at.own.credentialId, 2);
    expect(await rules(envelope, message)).toBe("enrolled_key");
  });

  it("that accepts a warning which was not shown is none", async () => {
    const envelope = await asked(act);
    const slipped = { accepted_warnings: act === "order" ? [shown, other] : [other] };
    expect(await rules(envelope, at.yes(envelope, slipped))).toBe("shown_warnings");
  });

  it("under the signature of another nonce is none; under its own it holds", async () => {
    const envelope = await asked(act);
    const signs = { nonce: "8".repeat(32), accepted_warnings: [] };
    expect(await rules(envelope, at.yes(envelope, { signs }))).toBe("own_statement_hash");
    expect(isNonceUsed(at.pc.store.db, NONCE)).toBe(false);
    expect(await rules(envelope, at.yes(envelope))).toBe("taken");
  });

  it("made at another site is none", async () => {
    const envelope = await asked(act);
    const port = { ...AT_PAGE, origin: "http://localhost:1" };
    expect(await rules(envelope, at.yes(envelope, { at: port }))).toBe("known_origin");
    const site = { ...AT_PAGE, rpId: GATEWAYS.rpId };
    expect(await rules(envelope, at.yes(envelope, { at: site }))).toBe("own_relying_party");
  });
});

describe("what follows from a yes", () => {
  it("to an order is its proof and its reference; nothing is spent before it is placed", async () => {
    const envelope = await asked("order");
    if (envelope.act !== "order") throw new Error("an order");
    const message = at.yes(envelope, { accepted_warnings: [shown] });
    const { coid } = approvedIntent(envelope.body, message);
    const { preview_id, policy_hash, not_after } = envelope.body;
    expect(await judgeApproval(at.parts, envelope, message)).toMatchObject({
      ...{ ok: true, coid },
      actOn: {
        act: "order",
        approval: {
          ...{ kind: "passkey", preview_id, policy_hash, not_after, nonce: NONCE, echo: null },
          accepted_warnings: [shown],
          assertion: message.assertion,
        },
      },
    });
    expect(isNonceUsed(at.pc.store.db, NONCE)).toBe(false);
  });

  it("to an order whose signature covers other warnings than it brings is a refusal", async () => {
    const envelope = await asked("order");
    const signs = { nonce: NONCE, accepted_warnings: [shown] };
    expect(await rules(envelope, at.yes(envelope, { signs }))).toBe("own_statement_hash");
  });

  it("to an order is a refusal when its preview is kept no more", async () => {
    const not_after = at.inMs(ORDER_LIMITS.previewKeptMs + 60_000);
    const envelope = at.kept(await askOwner(at.parts, at.asked("order", { not_after })));
    const message = at.yes(envelope);
    at.pc.clock.run(ORDER_LIMITS.previewKeptMs);
    expect(await rules(envelope, message)).toBe("taken");
    at.pc.clock.run(1);
    expect(await rules(envelope, message)).toBe("own_preview");
  });

  it("to a mandate is that it is kept, unless this PC allows none", async () => {
    const envelope = await asked("mandate");
    const { caps } = at.pc.local;
    at.pc.local.caps = { ...caps, paper: { ...caps.paper, mandates: false } };
    expect(await rules(envelope, at.yes(envelope))).toBe("mandates_allowed_here");
    at.pc.local.caps = { ...caps, paper: { ...caps.paper, mandates: true } };
    const judged = await judgeApproval(at.parts, envelope, at.yes(envelope));
    if (!judged.ok || judged.actOn?.act !== "mandate") throw new Error("a mandate was not taken");
    expect(judged.coid).toBeNull();
    expect(findMandate(at.pc.store.db, judged.actOn.mandate_hash)).not.toBeNull();
  });

  it.each(["lift_kill_switch", "loosen_policy"] as const)("to %s holds once", async (act) => {
    const envelope = await asked(act);
    const judged = await judgeApproval(at.parts, envelope, at.yes(envelope));
    expect(judged).toMatchObject({ ok: true, coid: null, actOn: { act } });
    expect(JSON.stringify(judged)).toContain(NONCE);
    expect(isNonceUsed(at.pc.store.db, NONCE)).toBe(true);
    expect(await rules(envelope, at.yes(envelope))).toBe("one_use");
  });

  it("to the proving of a new passkey is its own alone, and while its enrolment waits for it", async () => {
    const { db } = at.pc.store;
    const nowMs = at.pc.clock.now();
    const fresh = softwareAuthenticator();
    const code = enrolmentCodeOf(new Uint8Array(11).fill(2), nowMs / 1_000 + 300);
    const place = { via: "loopback", origin: AT_PAGE.origin, rpId: AT_PAGE.rpId } as const;
    beginEnrolment(db, { ...place, label: "new", code }, nowMs);
    keepEnrolledKey(db, { ...fresh, pageTokenSha256: "f".repeat(64) });
    expect(acceptEnrolment(db, nowMs)).toBe(true);
    const probe = {
      ...{ act: "probe" as const, about: "probe", notAfterMs: nowMs + 60_000 },
      body: { credential_id: fresh.credentialId },
    };
    const envelope = at.kept(await keepSealed(at.parts, probe, nowMs));
    const message = at.yes(envelope, { by: fresh });
    expect(await rules(envelope, at.yes(envelope))).toBe("enrolled_key");
    expect(currentEnrolment(db)?.state).toBe("accepted");
    expect(await judgeApproval(at.parts, envelope, message)).toMatchObject({
      ...{ ok: true, actOn: null, coid: null },
      enrolled: { via: "loopback", origin: AT_PAGE.origin },
    });
    expect(currentEnrolment(db)?.state).toBe("proved");
    expect(await rules(envelope, message)).toBe("enrolled_key");
  });
});
