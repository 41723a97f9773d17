import { approvedHash } from "@ibkr-edge-gateway/protocol/approval-page/approved-statement.ts";
import {
  enrolmentCodeOf,
  enrolmentMacHolds,
  type PageSettings,
} from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import {
  decodeAttestationObject,
  isoBase64URL,
  parseAuthenticatorData,
} from "@simplewebauthn/server/helpers";
import { beforeAll, describe, expect, it } from "vitest";
import {
  anOrderBody,
  aReceiptBody,
  type SomePc,
  sealed,
  sha256,
  somePc,
  unsignedOfEach,
} from "../../test/support/approver.ts";
import { somePhone } from "../../test/support/approver-phone.ts";
import { anOrder, aTicket, NOW } from "../../test/support/orders.ts";
import { approverFingerprint } from "../src/trust/tables/approvers.ts";
import { verifyAssertion } from "../src/trust/verify/verify-assertion.ts";
import { createApi, NoAnswer } from "./api.ts";
import { coseKeyOf } from "./attested-key.ts";
import { approveEnvelope, economicHashOf, enrol } from "./ceremony.ts";
import {
  type Answered,
  keeper,
  NOTHING_KEPT,
  withAnswered,
  withReceipts,
} from "./kept-in-browser.ts";
import { isOpen, mayBeOut } from "./may-be-out.ts";
import { readPending } from "./read-pending.ts";
import { readSettings } from "./settings.ts";
import { timeLeft, verdictInWords, wordsOf } from "./words.ts";

const ORIGIN = "https://approver.example";
const place = { rpId: "approver.example", origin: ORIGIN };
const NOW_MS = Date.parse(NOW);

let pc: SomePc;
let settings: PageSettings;

beforeAll(async () => {
  pc = await somePc();
  settings = {
    v: 1,
    edge: "https://gateway.example",
    gateway_account_id: "acc_7d3f",
    sidecar_id: "sc_home",
    pc_key: pc.key,
    pc_name: "study",
  };
});

describe("what the page shows of what it is handed", () => {
  it("is what its own PC signed, for this account and in time, each once, in the PC's order", async () => {
    const each = await Promise.all(unsignedOfEach().map((one) => sealed(one, pc)));
    const later = await sealed({ act: "order", body: anOrderBody({ pc_seq: 99 }) }, pc);
    const read = await readPending([later, ...each, ...each], settings, NOW_MS);
    expect(read).toMatchObject({ false: 0, unread: 0 });
    expect(read.waiting).toHaveLength(each.length + 1);
    expect(read.waiting.at(-1)?.envelope).toEqual(later);
  });

  it("is nothing that another key signed, that is for another, or that contradicts itself", async () => {
    const other = await somePc(8);
    const live = anOrderBody({ ticket: aTicket(anOrder({ mode: "live" })) });
    const planted = [{ message_id: "o163", fingerprint: "1".repeat(64) }];
    const forged = [
      await sealed({ act: "order", body: anOrderBody() }, other),
      await sealed({ act: "order", body: anOrderBody({ gateway_account_id: "acc_other" }) }, pc),
      await sealed({ act: "order", body: anOrderBody({ sidecar_id: "sc_other" }) }, pc),
      await sealed({ act: "order", body: live }, pc),
      await sealed({ act: "order", body: anOrderBody({ accepted_warnings: planted }) }, pc),
    ];
    const read = await readPending(forged, settings, NOW_MS);
    expect(read).toEqual({ waiting: [], false: forged.length, unread: 0, older: 0 });
  });

  it("of the PC's word says who has yet to act, and who refused", () => {
    expect(verdictInWords("accepted", null)).toBe("your yes was signed; waiting for the gateway");
    expect(verdictInWords("accepted", "gateway_took")).toContain("taken by PC and gateway");
    expect(verdictInWords("refused", "gateway:ORDER_REFUSED")).toContain(
      "refused by the gateway (ORDER_REFUSED)",
    );
    expect(verdictInWords("refused", "LOCAL_CAP_EXCEEDED")).toContain("refused by your PC");
  });

  it("is nothing whose time is over, and says that it cannot read what is newer than itself", async () => {
    const order = await sealed({ act: "order", body: anOrderBody() }, pc);
    const over = Date.parse(order.body.not_after);
    expect((await readPending([order], settings, over)).waiting).toEqual([]);
    expect((await readPending([order], settings, over - 1)).waiting).toHaveLength(1);
    const newer = { ...order, body: { ...order.body, fee: "1" } };
    expect(await readPending([newer, null, "x"], settings, NOW_MS)).toMatchObject({ unread: 3 });
    // What its PC asked before an update is neither newer nor false.
    const mark = await readPending([{ older: true }], settings, NOW_MS);
    expect(mark).toEqual({ waiting: [], false: 0, unread: 0, older: 1 });
  });

  it("is made of what is signed alone, for every act", () => {
    for (const unsigned of unsignedOfEach()) {
      const words = wordsOf({ ...unsigned, signature: "" });
      expect(words.headline).not.toBe("");
      expect(words.lines.length).toBeGreaterThan(0);
    }
    const buy = wordsOf({ act: "order", body: anOrderBody(), signature: "" });
    expect(buy.headline).toBe("Buy 1 AAPL at 187.25 USD or less, today only");
    expect(buy.lines.map(({ name }) => name)).toEqual([
      "Account",
      "Contract",
      "At most",
      "Commission",
    ]);
  });
});

describe("a yes on the page", () => {
  it("signs what the PC computes from its own record, with a nonce of the page's", async () => {
    const phone = somePhone(ORIGIN);
    const parts = { ...phone, settings, place };
    const envelope = await sealed({ act: "order", body: anOrderBody() }, pc);
    const waiting = (await readPending([envelope], settings, NOW_MS)).waiting[0];
    if (waiting === undefined) throw new Error("nothing waits");
    const said = { credentialId: null, acceptedWarnings: [], number: null, nowMs: NOW_MS };
    const first = await approveEnvelope(parts, waiting, said);
    const second = await approveEnvelope(parts, waiting, said);
    expect(first.message.nonce).not.toBe(second.message.nonce);
    const { nonce, accepted_warnings, assertion } = first.message;
    const hash = approvedHash(envelope, { nonce, accepted_warnings });
    expect(first.answered).toMatchObject({
      signed_sha256: hash,
      economic_hash: economicHashOf(envelope),
    });
    const publicKey = await publicKeyOf(phone);
    const verdict = await verifyAssertion(
      hash,
      assertion,
      { credentialId: phone.passkey.credentialId, publicKey, counter: 0 },
      { id: place.rpId, origins: [ORIGIN] },
    );
    expect(verdict).toMatchObject({ ok: true });
  });
});

describe("an enrolment on the page", () => {
  it("comes back with a MAC under the screen's secret and the six words of the very key", async () => {
    const phone = somePhone(ORIGIN);
    const code = enrolmentCodeOf(new Uint8Array(11).fill(3), 1_795_000_000);
    const made = await enrol({ ...phone, settings, place }, code, null);
    expect(enrolmentMacHolds(code.secret, made.message)).toBe(true);
    expect(made.message.page_token_sha256).toBe(
      sha256(Buffer.from(made.token, "base64url")).toString("hex"),
    );
    const attested = isoBase64URL.toBuffer(made.message.registration.attestation_object);
    const data = decodeAttestationObject(attested).get("authData");
    const { credentialPublicKey } = parseAuthenticatorData(data);
    expect(coseKeyOf(attested)).toEqual(credentialPublicKey);
    expect(made.words?.join(" ")).toBe(
      approverFingerprint(credentialPublicKey ?? new Uint8Array()),
    );
  });

  it("finds no key in what is no attestation", () => {
    for (const bytes of [[], [0xa0], [0xa1, 0x68], [0xff, 0xff], Array(80).fill(0xbf)]) {
      expect(coseKeyOf(new Uint8Array(bytes))).toBeNull();
    }
  });
});

describe("an order equal to one that was approved before", () => {
  const hash = "a".repeat(64);
  const answered: Answered = {
    ticket_sha256: "1".repeat(64),
    signed_sha256: "2".repeat(64),
    economic_hash: hash,
    says: "Buy 1 AAPL",
    at: NOW,
  };
  const about = { ticket_sha256: answered.ticket_sha256, intent_hash: answered.signed_sha256 };
  const kept = withAnswered(NOTHING_KEPT, answered);

  it("is not offered while the PC has not said what became of the first", () => {
    expect(mayBeOut(kept, hash, "3".repeat(64))).toEqual(answered);
    expect(mayBeOut(kept, "b".repeat(64), "3".repeat(64))).toBeNull();
    for (const verdict of ["accepted", "unknown"] as const) {
      const heard = withReceipts(kept, [aReceiptBody({ ...about, verdict })]);
      expect(isOpen(heard, answered)).toBe(true);
    }
    for (const verdict of ["refused", "sent", "filled"] as const) {
      const heard = withReceipts(kept, [aReceiptBody({ ...about, verdict })]);
      expect(mayBeOut(heard, hash, "3".repeat(64))).toBeNull();
    }
  });

  it("is judged by the PC's last word, in whatever order and how often receipts come", () => {
    const sent = aReceiptBody({ ...about, verdict: "sent", pc_seq: 5 });
    const unknown = aReceiptBody({ ...about, verdict: "unknown", pc_seq: 4 });
    for (const order of [
      [sent, unknown],
      [unknown, sent],
      [sent, unknown, unknown, sent],
    ]) {
      const heard = order.reduce((all, one) => withReceipts(all, [one]), kept);
      expect(isOpen(heard, answered)).toBe(false);
    }
  });

  it("is not freed by a receipt of another envelope or another signature", () => {
    const of = { ...about, verdict: "filled" as const };
    for (const other of [{ ticket_sha256: "9".repeat(64) }, { intent_hash: "9".repeat(64) }]) {
      const heard = withReceipts(kept, [aReceiptBody({ ...of, ...other })]);
      expect(mayBeOut(heard, hash, "3".repeat(64))).toEqual(answered);
    }
  });
});

describe("what the page keeps", () => {
  it("is read back, and is nothing where it is damaged or cannot be stored", () => {
    const stored = new Map<string, string>();
    const store = {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => void stored.set(key, value),
    };
    keeper(store, "sc_home").change((kept) => ({ ...kept, token: "A".repeat(43) }));
    expect(keeper(store, "sc_home").get().token).toBe("A".repeat(43));
    expect(keeper(store, "sc_other").get()).toEqual(NOTHING_KEPT);
    for (const key of stored.keys()) stored.set(key, "{");
    expect(keeper(store, "sc_home").get()).toEqual(NOTHING_KEPT);
    const full = keeper(
      {
        getItem: () => null,
        setItem: () => {
          throw new Error("QuotaExceededError");
        },
      },
      "sc_home",
    );
    full.change((kept) => ({ ...kept, proved: true }));
    expect(full.get().proved).toBe(true);
  });

  it("has settings or none", () => {
    expect(readSettings(JSON.stringify(settings))).toEqual(settings);
    for (const text of [null, "", "%SETTINGS%", '{"v":1}']) expect(readSettings(text)).toBeNull();
  });
});

describe("the time that is left", () => {
  it("counts down and is over at its end", () => {
    expect(timeLeft("2026-11-20T15:05:00.000Z", NOW_MS)).toBe("5 min 00 s");
    expect(timeLeft("2026-11-20T15:05:00.000Z", NOW_MS + 241_000)).toBe("59 s");
    expect(timeLeft("2026-11-20T15:05:00.000Z", NOW_MS + 300_000)).toBe("over");
    expect(timeLeft("no time", NOW_MS)).toBe("over");
  });
});

describe("an answer to the page", () => {
  const api = (status: number, body: string) =>
    createApi(async () => new Response(body, { status }), "https://gateway.example", "acc_7d3f");

  it("is read, or said in words to be none", async () => {
    const nothing = JSON.stringify({ v: 1, envelopes: [] });
    expect(await api(200, nothing).pending("t")).toEqual({ v: 1, envelopes: [] });
    const words = async (status: number, body: string) =>
      api(status, body)
        .pending("t")
        .catch((error: unknown) => (error instanceof NoAnswer ? error.message : "thrown"));
    expect(await words(200, "<html>")).toContain("no answer to this page");
    expect(await words(401, "{}")).toContain("not known any more");
    expect(await words(503, '{"error":"x","message":"Your PC is not connected."}')).toBe(
      "Your PC is not connected.",
    );
    expect(await words(502, "")).toContain("502");
    expect(await words(200, "x".repeat(2 * 1024 * 1024))).toContain("too long");
  });
});

async function publicKeyOf(phone: ReturnType<typeof somePhone>): Promise<Uint8Array> {
  const made = await phone.passkeys.create({
    challenge: "AAAA",
    rpId: place.rpId,
    userId: new Uint8Array(32),
    userName: "x",
  });
  return coseKeyOf(made.attestationObject) ?? new Uint8Array();
}
