import type { PasskeyProof } from "@ibkr-edge-gateway/protocol/approval/approval-proof.ts";
import { approvedHash } from "@ibkr-edge-gateway/protocol/approval-page/approved-statement.ts";
import { envelopeSha256 } from "@ibkr-edge-gateway/protocol/approval-page/approver-envelope.ts";
import { receiptHolds } from "@ibkr-edge-gateway/protocol/approval-page/approver-receipt.ts";
import { enrolmentMac } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { coseKeyOf } from "../../sidecar/approval-page/attested-key.ts";
import { economicHashOf } from "../../sidecar/approval-page/ceremony.ts";
import { withReceipts } from "../../sidecar/approval-page/kept-in-browser.ts";
import { mayBeOut } from "../../sidecar/approval-page/may-be-out.ts";
import { acceptEnrolment } from "../../sidecar/src/trust/enrolment/accept-enrolment.ts";
import { noteAnnounced } from "../../sidecar/src/trust/enrolment/announced-keys.ts";
import { sealed, sealedReceipt, somePc } from "../support/approver.ts";
import { type HostilePageEdge, hostilePageEdge } from "../support/hostile-page-edge.ts";
import { aLeg } from "../support/orders.ts";

/**
 * The gateway is the attacker, between the owner's own page and the PC. Each attempt is one try to get
 * an order out that its owner did not approve on that page, or a second one for one approval. How many:
 * HOSTILE_ATTEMPTS; `npm run verify:long` makes 10,000.
 */
const ATTEMPTS = Number(process.env.HOSTILE_ATTEMPTS ?? "1000");
/** A PC's memory of what came before is part of what is attacked; it is a new one now and then. */
const ATTEMPTS_PER_PC = 250;

interface Dice {
  /** A number below `below`. */
  roll(below: number): number;
}
type Attack = (edge: HostilePageEdge, dice: Dice) => Promise<void>;

const WARNING = { message_id: "o163", fingerprint: "1".repeat(64), text: "Exceeds 3 %." };
const PLANTED = { message_id: "o354", fingerprint: "2".repeat(64) };
/** A switch is lifted anew each time. */
let lifts = 0;
/** What the attacker wants: more, at any price. */
const WANTED = { legs: [aLeg({ quantity: "900", order_type: "MKT", limit_price: null })] };

/** The proof that the gateway makes of a message, as the PC would give it. */
function proofOf(
  body: { preview_id: string; policy_version: number; policy_hash: string; not_after: string },
  message: Parameters<HostilePageEdge["submit"]>[0] & object,
): PasskeyProof {
  const { nonce, accepted_warnings, assertion } = Object(message);
  const { preview_id, policy_version, policy_hash, not_after } = body;
  return {
    kind: "passkey",
    ...{ preview_id, policy_version, policy_hash, not_after, nonce, accepted_warnings, assertion },
    tier: 1,
    echo: null,
  };
}

/** Carries a message as far as it goes: to the PC's desk, and whatever comes of it to the core. */
async function carry(edge: HostilePageEdge, message: object): Promise<void> {
  const submitted = await edge.submit(message);
  if (submitted?.actOn?.act === "order") await edge.place(submitted.actOn.approval);
}

async function shownOrder(edge: HostilePageEdge, order = {}) {
  const envelope = await edge.ask(order);
  const [waiting] = await edge.shows(envelope);
  if (waiting === undefined) throw new Error("the page does not show what its PC signed");
  return { envelope, waiting };
}

const ATTACKS: Record<string, Attack> = {
  async "a field of the envelope is swapped on its way to the page"(edge, dice) {
    const envelope = await edge.ask();
    await offer(edge, { ...envelope, body: changed(envelope.body, dice) });
  },
  async "the envelope is signed by another key than the PC's"(edge, dice) {
    const envelope = await edge.ask();
    const body = Object(changed(envelope.body, dice));
    await offer(edge, await sealed({ act: "order", body }, await somePc(dice.roll(200))));
  },
  async "the signature is one that the PC gave for another envelope"(edge) {
    const [a, b] = [await edge.ask(), await edge.ask(WANTED)];
    await offer(edge, { ...b, signature: a.signature });
  },
  async "the yes is carried to another order of the PC's"(edge) {
    const { waiting } = await shownOrder(edge);
    const other = await edge.ask(WANTED);
    const { message } = await edge.tap(waiting);
    await carry(edge, { ...message, ticket_sha256: envelopeSha256(other) });
    await edge.place(proofOf(other.body, message));
  },
  async "the nonce of the yes is another"(edge, dice) {
    const { envelope, waiting } = await shownOrder(edge);
    const { message } = await edge.tap(waiting);
    const nonce = dice
      .roll(2 ** 31)
      .toString(16)
      .padStart(32, "0");
    await carry(edge, { ...message, nonce });
    await edge.place({ ...proofOf(envelope.body, message), nonce });
  },
  async "warnings are accepted that the owner did not accept"(edge, dice) {
    const envelope = await edge.ask({}, { warnings: [WARNING] });
    const [waiting] = await edge.shows(envelope);
    if (waiting === undefined) throw new Error("not shown");
    const { message } = await edge.tap(waiting);
    const { text: _text, ...shown } = WARNING;
    const accepted_warnings = dice.roll(2) === 0 ? [PLANTED] : [shown];
    await carry(edge, { ...message, accepted_warnings });
    await edge.place({ ...proofOf(envelope.body, message), accepted_warnings });
  },
  async "a term of the proof is another"(edge, dice) {
    const { envelope, waiting } = await shownOrder(edge);
    const { message } = await edge.tap(waiting);
    const proof = proofOf(envelope.body, message);
    const late = new Date(Date.parse(proof.not_after) + 1 + dice.roll(1_000_000)).toISOString();
    const terms = [
      { policy_hash: "b".repeat(64) },
      { policy_version: 2 + dice.roll(90) },
      { not_after: late },
      { preview_id: (await edge.ask(WANTED)).body.preview_id },
    ];
    await edge.place({ ...proof, ...terms[dice.roll(terms.length)] });
  },
  async "a byte of the assertion is another"(edge, dice) {
    const { envelope, waiting } = await shownOrder(edge);
    const { message } = await edge.tap(waiting);
    const parts = ["signature", "authenticator_data", "client_data_json", "id"] as const;
    const part = parts[dice.roll(parts.length)] ?? "signature";
    const bytes = Buffer.from(message.assertion[part], "base64url");
    const at = dice.roll(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << dice.roll(8));
    const assertion = { ...message.assertion, [part]: bytes.toString("base64url") };
    await carry(edge, { ...message, assertion });
    await edge.place(proofOf(envelope.body, { ...message, assertion }));
  },
  async "a yes that was used comes again, to the desk and to the core"(edge, dice) {
    const { envelope, waiting } = await shownOrder(edge);
    const { message } = await edge.tap(waiting);
    await carry(edge, message);
    for (let again = dice.roll(3); again >= 0; again -= 1) {
      await carry(edge, message);
      await edge.place(proofOf(envelope.body, message));
    }
  },
  async "a yes that was used comes under another nonce, and for an equal order"(edge, dice) {
    const { waiting } = await shownOrder(edge);
    const { message } = await edge.tap(waiting);
    await carry(edge, message);
    const equal = await edge.ask();
    const nonce = dice.roll(2) === 0 ? message.nonce : "e".repeat(32);
    await carry(edge, { ...message, ticket_sha256: envelopeSha256(equal), nonce });
    await edge.place({ ...proofOf(equal.body, message), nonce });
  },
  async "the passkey is used in a frame, on another origin or by another relying party"(
    edge,
    dice,
  ) {
    const { envelope, waiting } = await shownOrder(edge);
    const ways = [
      { crossOrigin: true },
      { origin: "https://gateway.example" },
      { origin: "https://approver.example:8443" },
      { rpId: "gateway.example" },
      { userVerified: false },
      { userPresent: false },
      { type: "webauthn.create" },
    ];
    const over = ways[dice.roll(ways.length)] ?? {};
    const { credentialId } = edge.phone.passkey;
    // The owner's own key, where a browser was made to use it so.
    const answer = JSON.parse(
      edge.phone.passkey.use(
        {
          kind: "get",
          options: {
            challenge: Buffer.from(
              approvedHash(envelope, { nonce: "c".repeat(32), accepted_warnings: [] }),
              "hex",
            ).toString("base64url"),
            rpId: "approver.example",
          },
        },
        { counter: 0, ...over },
      ),
    );
    const { response } = answer;
    const message = {
      v: 1,
      kind: "approval",
      ticket_sha256: waiting.sha256,
      nonce: "c".repeat(32),
      accepted_warnings: [],
      assertion: {
        id: credentialId,
        client_data_json: response.clientDataJSON,
        authenticator_data: response.authenticatorData,
        signature: response.signature,
      },
    };
    await carry(edge, message);
    await edge.place(proofOf(envelope.body, message));
  },
  async "a key of the attacker's says yes, under its own name or the owner's"(edge, dice) {
    const { envelope, waiting } = await shownOrder(edge, WANTED);
    const { credentialId } = edge.phone.passkey;
    const own = dice.roll(2) === 0 ? {} : { credentialId };
    const made = await edge.tapElsewhere(waiting, edge.attacker(own));
    await carry(edge, made.message);
    await edge.place(proofOf(envelope.body, made.message));
  },
  async "a passkey of the gateway's own pages says yes, without the PC's number"(edge) {
    const { envelope, waiting } = await shownOrder(edge, WANTED);
    const choice = { nonce: "b".repeat(32), accepted_warnings: [] };
    const message = {
      v: 1,
      kind: "approval",
      ticket_sha256: waiting.sha256,
      ...choice,
      assertion: edge.pc.phone.approve(approvedHash(envelope, choice)),
    };
    await carry(edge, message);
    await edge.place(proofOf(envelope.body, message));
  },
  async "the gateway names a key of its own to the PC"(edge) {
    const of = edge.attacker();
    const { waiting, envelope } = await shownOrder(edge, WANTED);
    const planted = await edge.plant(of, edge.begin());
    const key = coseKeyOf(
      new Uint8Array(Buffer.from(planted.message.registration.attestation_object, "base64url")),
    );
    const named = { credentialId: planted.credentialId, publicKey: key ?? new Uint8Array() };
    noteAnnounced(edge.pc.store.db, [{ ...named, label: "phone" }], edge.pc.clock.now());
    const made = await edge.tapElsewhere(waiting, of);
    await carry(edge, made.message);
    await edge.place(proofOf(envelope.body, made.message));
  },
  async "a key is planted in an enrolment, under a MAC that is none"(edge, dice) {
    const of = edge.attacker();
    const code = edge.begin();
    const guessed = {
      ...code,
      secret: dice
        .roll(2 ** 31)
        .toString(16)
        .padStart(32, "0"),
    };
    const { message } = await edge.plant(of, guessed);
    await plantAndUse(edge, of, message);
  },
  async "a key is planted under the MAC that the owner's page made for its own"(edge, dice) {
    const of = edge.attacker();
    const code = edge.begin();
    const owners = await edge.plant(edge.attacker(), code);
    const attackers = await edge.plant(of, { ...code, secret: "0".repeat(32) });
    const swaps = [
      { registration: attackers.message.registration },
      { page_token_sha256: "f".repeat(64) },
      { origin: "https://gateway.example" },
      { rp_id: "gateway.example" },
    ];
    const swap = swaps[dice.roll(swaps.length)];
    await plantAndUse(edge, of, { ...owners.message, ...swap });
  },
  async "a key is planted under a true MAC of an earlier ceremony"(edge) {
    const of = edge.attacker();
    const before = edge.begin();
    const { message } = await edge.plant(of, before);
    edge.begin();
    await plantAndUse(edge, of, message);
  },
  async "a MAC is made over the hashes in another order"(edge) {
    const of = edge.attacker();
    const code = edge.begin();
    const { message } = await edge.plant(of, { ...code, secret: "0".repeat(32) });
    const { mac: _mac, registration, ...rest } = message;
    const turned = {
      ...registration,
      client_data_json: registration.attestation_object.slice(0, 4_096),
    };
    const mac = enrolmentMac("0".repeat(32), { ...rest, registration: turned });
    await plantAndUse(edge, of, { ...rest, registration, mac });
  },
  async "receipts are held back, reordered, forged or of another, so that an equal order is offered"(
    edge,
    dice,
  ) {
    const { waiting } = await shownOrder(edge);
    const { message, answered } = await edge.tap(waiting);
    const submitted = await edge.submit(message);
    const mine = submitted?.receipt;
    const forger = await somePc(dice.roll(200));
    const body = mine?.body;
    if (body === undefined) throw new Error("the PC gave no receipt");
    const forged = [
      await sealedReceipt({ ...body, verdict: "refused", pc_seq: body.pc_seq + 1 }, forger),
      {
        body: { ...body, verdict: "refused" as const, pc_seq: body.pc_seq + 1 },
        signature: mine?.signature ?? "",
      },
      ...(dice.roll(2) === 0 && mine != null ? [mine, mine] : []),
    ].sort(() => dice.roll(3) - 1);
    for (const receipt of forged) {
      if (await receiptHolds(receipt, edge.settings.pc_key)) {
        edge.keep((kept) => withReceipts(kept, [receipt.body]));
      }
    }
    const equal = await edge.ask();
    const offered = (await edge.shows(equal)).filter(
      ({ envelope, sha256 }) =>
        mayBeOut(edge.kept(), economicHashOf(envelope) ?? "", sha256) === null,
    );
    // A second order for one wish of the owner's: the page must not offer it.
    for (const one of offered) {
      const second = await edge.tap(one);
      edge.orders.push({ intentHash: `second ${second.answered.signed_sha256}`, previewId: "" });
    }
    edge.keep((kept) => ({
      ...kept,
      answered: kept.answered.filter((one) => one.ticket_sha256 !== answered.ticket_sha256),
    }));
  },
  async "what was signed for another act approves an order"(edge) {
    lifts += 1;
    const order = await edge.ask(WANTED);
    const not_after = order.body.not_after;
    const gateway_account_id = edge.settings.gateway_account_id;
    await edge.page.ask({
      act: "lift_kill_switch",
      lift: { gateway_account_id, scope: "gateway", subject: null, epoch: lifts },
      not_after,
    });
    const lift = (await edge.page.pending()).findLast(({ act }) => act === "lift_kill_switch");
    const [waiting] = await edge.shows(lift);
    if (waiting === undefined) throw new Error("not shown");
    const { message } = await edge.tap(waiting);
    await carry(edge, { ...message, ticket_sha256: envelopeSha256(order) });
    await edge.place(proofOf(order.body, message));
    await edge.submit({ v: 1, kind: "denial", ticket_sha256: waiting.sha256 });
  },
  async "the yes comes when its time is over"(edge, dice) {
    const { envelope, waiting } = await shownOrder(edge);
    const { message } = await edge.tap(waiting);
    edge.pc.clock.run(300_000 + dice.roll(1_000));
    await carry(edge, message);
    await edge.place(proofOf(envelope.body, message));
  },
  async "the desk is handed what is no message"(edge, dice) {
    const { waiting } = await shownOrder(edge);
    const { message } = await edge.tap(waiting);
    await carry(edge, Object(changed(message, dice)));
  },
};

/** What the attacker hands the page; if the page shows it, the owner taps, and it is carried on. */
async function offer(edge: HostilePageEdge, envelope: object): Promise<void> {
  for (const waiting of await edge.shows(envelope)) {
    const made = await edge.tap(waiting);
    // Shown although the PC did not sign it: that alone is the attacker's success.
    edge.orders.push({ intentHash: `shown ${made.answered.signed_sha256}`, previewId: "" });
  }
}

/** Takes the words for compared, as the worst owner would, where the PC lets it come so far. */
async function plantAndUse(
  edge: HostilePageEdge,
  of: ReturnType<HostilePageEdge["attacker"]>,
  message: object,
): Promise<void> {
  await edge.submit(message);
  acceptEnrolment(edge.pc.store.db, edge.pc.clock.now());
  const { envelope, waiting } = await shownOrder(edge, WANTED);
  const made = await edge.tapElsewhere(waiting, of);
  await carry(edge, made.message);
  await edge.place(proofOf(envelope.body, made.message));
}

/** A copy with one leaf changed. */
function changed(document: object, dice: Dice): unknown {
  const leaves: string[][] = [];
  const visit = (value: unknown, path: string[]): void => {
    if (typeof value !== "object" || value === null) leaves.push(path);
    else for (const [key, item] of Object.entries(value)) visit(item, [...path, key]);
  };
  visit(document, []);
  const path = leaves[dice.roll(leaves.length)] ?? [];
  const copy: unknown = structuredClone(document);
  let at: unknown = copy;
  for (const key of path.slice(0, -1)) at = Reflect.get(Object(at), key);
  const last = path.at(-1) ?? "";
  Reflect.set(Object(at), last, other(Reflect.get(Object(at), last), dice));
  return copy;
}

function other(was: unknown, dice: Dice): unknown {
  switch (typeof was) {
    case "number":
      return was + 1 + dice.roll(1_000);
    case "boolean":
      return !was;
    case "string":
      if (/^\d{4}-\d\d-\d\dT/.test(was)) return was.replace(/\d\.\d{3}Z$/, `${dice.roll(10)}.001Z`);
      if (/^[0-9a-f]{64}$/.test(was)) return was.replace(/^./, was.startsWith("f") ? "0" : "f");
      return /^[\d.]+$/.test(was) ? `${was}${dice.roll(9) + 1}` : `${was}x`;
    default:
      return String(dice.roll(100));
  }
}

describe("a gateway in an attacker's hands, between the owner's own page and the PC", () => {
  const names = Object.keys(ATTACKS);
  const tried = new Map<string, number>(names.map((name) => [name, 0]));
  let edge: HostilePageEdge | null = null;
  let made = 0;
  let allowed = 0;

  afterAll(() => {
    const table = [...tried].map(([name, times]) => `${String(times).padStart(5)}  ${name}`);
    console.log(
      `${made} attempts, ${allowed} orders that were approved, 0 others\n${table.join("\n")}`,
    );
  });

  it(`gets no order out in ${ATTEMPTS} attempts`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: names.length - 1 }),
        fc.array(fc.nat({ max: 2 ** 31 - 1 }), { minLength: 8, maxLength: 8 }),
        async (which, numbers) => {
          if (edge === null || made % ATTEMPTS_PER_PC === 0) edge = await hostilePageEdge();
          const name = names[which] ?? "";
          let at = 0;
          const dice: Dice = {
            roll: (below) => (numbers[at++ % numbers.length] ?? 0) % Math.max(1, below),
          };
          const before = edge.orders.length;
          await ATTACKS[name]?.(edge, dice);
          await edge.clear();
          made += 1;
          tried.set(name, (tried.get(name) ?? 0) + 1);
          allowed += edge.orders.length - before;
          expect([name, edge.stolen()]).toEqual([name, []]);
        },
      ),
      { numRuns: ATTEMPTS, endOnFailure: true },
    );
    expect(made).toBe(ATTEMPTS);
  }, 600_000);

  it("is not what stops the owner: an honest road lets each yes through once", async () => {
    const honest = await hostilePageEdge();
    const { waiting } = await shownOrder(honest);
    await carry(honest, (await honest.tap(waiting)).message);
    expect(honest.orders).toHaveLength(1);
    expect(honest.stolen()).toEqual([]);
  });
});
