import { createHmac } from "node:crypto";
import { ed25519FromSeed } from "@ibkr-edge-gateway/evidence/note/ed25519.ts";
import { signStatement, statementHash } from "@ibkr-edge-gateway/evidence/order/statement.ts";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  anOrderBody,
  aReceiptBody,
  jcs,
  sealed,
  sealedReceipt,
  sha256,
  somePc,
  unsignedOfEach,
} from "../../../test/support/approver.ts";
import { anOrder, aTicket } from "../../../test/support/orders.ts";
import { intentHash } from "../orders/intent.ts";
import { Ticket } from "../orders/ticket.ts";
import { approvedChallenge, approvedHash, approvedIntent } from "./approved-statement.ts";
import { Envelope, envelopeHolds, envelopeSha256, type Unsigned } from "./approver-envelope.ts";
import { APPROVER_LIMITS } from "./approver-limits.ts";
import { Receipt, receiptHolds, receiptSha256 } from "./approver-receipt.ts";
import {
  ENROLMENT_SEED_BYTES,
  EnrolmentMessage,
  enrolmentChallenge,
  enrolmentCodeOf,
  enrolmentFragment,
  enrolmentMac,
  enrolmentMacHolds,
  enrolmentWords,
  readEnrolmentFragment,
  seedFromWords,
} from "./enrolment.ts";
import { PageMessage } from "./page-message.ts";
import { PageOrigin } from "./page-origin.ts";

const NONCE = "0123456789abcdef0123456789abcdef";
const choice = { nonce: NONCE, accepted_warnings: [] };

const enrolment = (over: Partial<EnrolmentMessage> = {}): Omit<EnrolmentMessage, "mac"> => ({
  v: 1,
  kind: "enrolment",
  rp_id: "approver.example",
  origin: "https://approver.example",
  registration: {
    id: "AQID",
    client_data_json: Buffer.from('{"type":"webauthn.create"}').toString("base64url"),
    attestation_object: Buffer.from("attested").toString("base64url"),
    transports: ["internal"],
  },
  page_token_sha256: "f".repeat(64),
  ...over,
});

describe("an envelope", () => {
  it("is read back as it was made, whatever it asks for, and holds under the PC's key alone", async () => {
    const [pc, other] = [await somePc(), await somePc(8)];
    for (const unsigned of unsignedOfEach()) {
      const envelope = await sealed(unsigned, pc);
      const read = Envelope.parse(JSON.parse(JSON.stringify(envelope)));
      expect(read).toEqual(envelope);
      expect(await envelopeHolds(read, pc.key)).toBe(true);
      expect(await envelopeHolds(read, other.key)).toBe(false);
      expect(await envelopeHolds(read, "no key")).toBe(false);
    }
  });

  it("has a hash that an outsider computes from the document", () => {
    const body = anOrderBody();
    expect(envelopeSha256({ act: "order", body })).toBe(
      sha256(`ibkr-approver-ticket/v1\n${jcs(body)}`).toString("hex"),
    );
  });

  it("holds no more when any leaf of it changes", async () => {
    const pc = await somePc();
    for (const unsigned of unsignedOfEach()) {
      const envelope = await sealed(unsigned, pc);
      for (const changed of withEachLeafChanged(envelope.body)) {
        const forged: unknown = { ...envelope, body: changed };
        const parsed = Envelope.safeParse(forged);
        if (parsed.success) expect(await envelopeHolds(parsed.data, pc.key)).toBe(false);
      }
    }
  });

  it("of one act does not hold as another", async () => {
    const pc = await somePc();
    const probe = await sealed({ act: "probe", body: anyProbe() }, pc);
    const forged = { act: "lift_kill_switch", body: probe.body, signature: probe.signature };
    expect(Envelope.safeParse(forged).success).toBe(false);
    const hashes = unsignedOfEach().map(envelopeSha256);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("with a member that the reader does not know is not read", async () => {
    const envelope = await sealed({ act: "order", body: anOrderBody() }, await somePc());
    const more = { ...envelope, body: { ...envelope.body, fee: "0" } };
    expect(Envelope.safeParse(more).success).toBe(false);
  });
});

describe("what a yes signs", () => {
  it("is the intent of the envelope's own ticket", () => {
    const body = anOrderBody();
    const intent = approvedIntent(body, choice);
    expect(intent.ticket).toEqual(body.ticket);
    expect(approvedHash({ act: "order", body }, choice)).toBe(intentHash(intent));
  });

  it("accepts no warning that the ticket does not show", () => {
    const shown = { message_id: "o163", fingerprint: "1".repeat(64) };
    const planted = { message_id: "o354", fingerprint: "2".repeat(64) };
    const ticket = aTicket(anOrder(), { warnings: [{ ...shown, text: "Exceeds 3 %." }] });
    const intent = approvedIntent(anOrderBody({ ticket }), {
      nonce: NONCE,
      accepted_warnings: [shown, planted],
    });
    expect(intent.accepted_warnings).toEqual([shown]);
  });

  it("differs for every act, every nonce and every signed leaf of an order", () => {
    const each = unsignedOfEach();
    const hashes = each.map((one) => approvedHash(one, choice));
    expect(new Set(hashes).size).toBe(each.length);
    for (const one of each) {
      const another = { ...choice, nonce: "f".repeat(32) };
      expect(approvedHash(one, another)).not.toBe(approvedHash(one, choice));
      expect(approvedChallenge(one, choice)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    }
    const body = anOrderBody();
    const before = approvedHash({ act: "order", body }, choice);
    const others = withEachLeafChanged(body.ticket).flatMap((any) => {
      const read = Ticket.safeParse(any);
      return read.success ? [read.data] : [];
    });
    expect(others.length).toBeGreaterThan(20);
    for (const ticket of others) {
      const changed: Unsigned = { act: "order", body: { ...body, ticket } };
      expect(approvedHash(changed, choice)).not.toBe(before);
    }
  });
});

describe("an enrolment", () => {
  const seed = new Uint8Array(ENROLMENT_SEED_BYTES).map((_, at) => at * 23);
  const code = enrolmentCodeOf(seed, 1_795_000_000);
  const place = {
    rp_id: "approver.example",
    origin: "https://approver.example",
    sidecar_id: "sc_home",
    pc_key: "A".repeat(43),
    nonce: NONCE,
  };

  it("goes from the screen to the page by a fragment or by eight words", () => {
    expect(readEnrolmentFragment(`#${enrolmentFragment(code)}`)).toEqual(code);
    const words = enrolmentWords(seed);
    expect(words).toHaveLength(8);
    expect(seedFromWords(`  ${words.join("  ").toUpperCase()} `)).toEqual(seed);
    for (const bad of ["", "#e=", "#e=AAAA", `#t=${enrolmentFragment(code).slice(2)}`]) {
      expect(readEnrolmentFragment(bad)).toBeNull();
    }
    expect(seedFromWords("abandon ability")).toBeNull();
    expect(seedFromWords(`${words.slice(1).join(" ")} qqqq`)).toBeNull();
  });

  it("any seed survives its words", () => {
    const bytes = fc.uint8Array({ minLength: 11, maxLength: 11 });
    fc.assert(
      fc.property(bytes, (any) => {
        expect(seedFromWords(enrolmentWords(any).join(" "))).toEqual(new Uint8Array(any));
      }),
    );
  });

  it("has a challenge that an outsider computes", () => {
    expect(enrolmentChallenge(place)).toBe(
      sha256(`ibkr-approver-enrol/v1\n${jcs(place)}`).toString("base64url"),
    );
    for (const name of ["rp_id", "origin", "sidecar_id", "pc_key", "nonce"] as const) {
      const other = { ...place, [name]: `${place[name]}0` };
      expect(enrolmentChallenge(other)).not.toBe(enrolmentChallenge(place));
    }
  });

  it("has a MAC that an outsider computes", () => {
    const message = enrolment();
    const { registration } = message;
    const said = Buffer.concat([
      Buffer.from("ibkr-approver-enrol/v1\n"),
      sha256(Buffer.from(registration.client_data_json, "base64url")),
      sha256(Buffer.from(registration.attestation_object, "base64url")),
      sha256(
        Buffer.concat([
          Buffer.from(message.page_token_sha256, "hex"),
          Buffer.from("approver.example\nhttps://approver.example"),
        ]),
      ),
    ]);
    const expected = createHmac("sha256", Buffer.from(code.secret, "hex")).update(said);
    expect(enrolmentMac(code.secret, message)).toBe(expected.digest("hex"));
  });

  it("holds no more when a key, a place or a token is swapped, nor under another secret", () => {
    const message = enrolment();
    const signed = { ...message, mac: enrolmentMac(code.secret, message) };
    expect(enrolmentMacHolds(code.secret, EnrolmentMessage.parse(signed))).toBe(true);
    expect(enrolmentMacHolds("0".repeat(32), signed)).toBe(false);
    const other = Buffer.from("other").toString("base64url");
    for (const swapped of [
      { ...signed, rp_id: "edge.example" },
      { ...signed, origin: "https://edge.example" },
      { ...signed, page_token_sha256: "0".repeat(64) },
      { ...signed, registration: { ...signed.registration, attestation_object: other } },
      { ...signed, registration: { ...signed.registration, client_data_json: other } },
      { ...signed, mac: "0".repeat(64) },
      { ...signed, page_token_sha256: "not hex" },
    ]) {
      expect(enrolmentMacHolds(code.secret, swapped)).toBe(false);
    }
  });

  it("is for a page that a browser lets ask, and for no other", () => {
    for (const good of ["https://a.example", "https://a.example:8443", "http://localhost:4100"]) {
      expect(PageOrigin.safeParse(good).success).toBe(true);
    }
    for (const bad of [
      "http://a.example",
      "https://a.example/",
      "null",
      "https://a@b",
      "file://",
    ]) {
      expect(PageOrigin.safeParse(bad).success).toBe(false);
    }
  });
});

describe("a page's message", () => {
  it("is a yes, a no or an enrolment, and within its bound", () => {
    const assertion = {
      id: "a".repeat(1_400),
      client_data_json: "a".repeat(4_096),
      authenticator_data: "a".repeat(2_048),
      signature: "a".repeat(2_048),
    };
    const warning = { message_id: "o".repeat(20), fingerprint: "1".repeat(64) };
    const yes = {
      v: 1,
      kind: "approval",
      ticket_sha256: "d".repeat(64),
      nonce: NONCE,
      accepted_warnings: Array.from({ length: 20 }, () => warning),
      assertion,
      number: 1_234,
    };
    const { registration } = enrolment();
    const largest = {
      ...enrolment(),
      registration: {
        ...registration,
        id: "a".repeat(1_400),
        client_data_json: "a".repeat(4_096),
        attestation_object: "a".repeat(16_384),
      },
      mac: "0".repeat(64),
    };
    const no = { v: 1, kind: "denial", ticket_sha256: "d".repeat(64) };
    for (const message of [yes, no, largest]) {
      expect(PageMessage.parse(message)).toEqual(message);
      expect(JSON.stringify(message).length).toBeLessThan(APPROVER_LIMITS.messageMaxBytes);
    }
    for (const number of [999, 10_000, "1234", 12.5]) {
      expect(PageMessage.safeParse({ ...yes, number }).success).toBe(false);
    }
  });
});

describe("a receipt", () => {
  it("is a statement of the PC's like all others, under the same key", async () => {
    const body = aReceiptBody();
    const key = await ed25519FromSeed(new Uint8Array(32).fill(7));
    const statement = await signStatement(body, key);
    expect(await sealedReceipt(body, await somePc())).toEqual(statement);
    expect(receiptSha256(body)).toBe(statementHash(body));
  });

  it("holds no more when any leaf of it changes", async () => {
    const pc = await somePc();
    const receipt = await sealedReceipt(aReceiptBody(), pc);
    expect(await receiptHolds(Receipt.parse(receipt), pc.key)).toBe(true);
    for (const body of withEachLeafChanged(receipt.body)) {
      const forged = Receipt.safeParse({ ...receipt, body });
      if (forged.success) expect(await receiptHolds(forged.data, pc.key)).toBe(false);
    }
  });
});

describe("vectors for other implementations", () => {
  it("stay what they are", async () => {
    const pc = await somePc();
    const order = await sealed({ act: "order", body: anOrderBody() }, pc);
    const code = enrolmentCodeOf(new Uint8Array(11).fill(1), 1_795_000_000);
    expect({
      pc_key: pc.key,
      ticket_sha256: envelopeSha256(order),
      ticket_signature: order.signature,
      intent_hash: approvedHash(order, choice),
      enrolment_code: code,
      enrolment_words: enrolmentWords(new Uint8Array(11).fill(1)).join(" "),
      enrolment_mac: enrolmentMac(code.secret, enrolment()),
      receipt_sha256: receiptSha256(aReceiptBody()),
    }).toMatchInlineSnapshot(`
      {
        "enrolment_code": {
          "exp": 1795000000,
          "nonce": "a30b7c0265ace7f507e0687ec2ed312e",
          "secret": "2389f99be1a14a77c12c07846029b9eb",
          "v": 1,
        },
        "enrolment_mac": "f2aeb30d9dea835454e4fe81d09b9eac402dcb7fd59f5c2e167f1c0040db5e92",
        "enrolment_words": "absurd amount doctor acoustic avoid letter advice cage",
        "intent_hash": "2f4581712c9abb66215e47df3f6c062f380bef979a180f2f6c9013ff2c7fcd5b",
        "pc_key": "6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw",
        "receipt_sha256": "f0c08505ef52b648afb62b3a93cbbc2307bd86f822f650cf368fea9ce0a43763",
        "ticket_sha256": "7e22fe2318f6d3ccf8a829047585b7fcb1bdd5f6ac6139b315ec62dada5c2b8c",
        "ticket_signature": "YtnNws1NsFQIgMCHgHWF9KFuZccmltzHJkoulyMsXUknLxYJvB8jzAwqyhUdQY-w9zCS1GTZkUIKz4e_ycLCAQ",
      }
    `);
  });
});

const anyProbe = () => {
  const probe = unsignedOfEach().find((one) => one.act === "probe");
  if (probe === undefined) throw new Error("there is no probe among the samples");
  return probe.body;
};

/** Copies of a document, each with one leaf changed by the least amount. */
function withEachLeafChanged(document: object): unknown[] {
  const paths: string[][] = [];
  const visit = (value: unknown, path: string[]): void => {
    if (typeof value !== "object" || value === null) paths.push(path);
    else for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
  };
  visit(document, []);
  return paths.map((path) => {
    const copy: unknown = structuredClone(document);
    let at: unknown = copy;
    for (const key of path.slice(0, -1)) at = Reflect.get(Object(at), key);
    const last = path.at(-1) ?? "";
    const was: unknown = Reflect.get(Object(at), last);
    Reflect.set(Object(at), last, changedLeaf(was));
    return copy;
  });
}

function changedLeaf(was: unknown): unknown {
  switch (typeof was) {
    case "number":
      return was + 1;
    case "boolean":
      return !was;
    case "string":
      return /^\d{4}-/.test(was) ? was.replace(/\.\d{3}Z$/, ".001Z") : `${was}1`;
    default:
      return "1";
  }
}
