import { join } from "node:path";
import { verifyExport } from "@ibkr-edge-gateway/evidence/export/verify-export.ts";
import { filesIn } from "@ibkr-edge-gateway/evidence/node/folder.ts";
import { verifyEvidence } from "@ibkr-edge-gateway/evidence/node/verify-evidence.ts";
import { formatVkey } from "@ibkr-edge-gateway/evidence/note/vkey.ts";
import {
  aCheckpoint,
  aLogSigner,
  anExport,
  aPolicy,
  aWitness,
  NOW_SECONDS,
  someLog,
} from "@ibkr-edge-gateway/evidence/testing/a-log.ts";
import { anOrderProof } from "@ibkr-edge-gateway/evidence/testing/an-order.ts";
import { filesOf } from "@ibkr-edge-gateway/evidence/testing/folder.ts";
import { EDITS } from "@ibkr-edge-gateway/evidence/testing/tampering/all.ts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bodyOf, partsOf, verify } from "../support/order-proof.ts";
// fixed date: a proof is judged at NOW_SECONDS, which both programs are given.
import { anIntent } from "../support/orders.ts";
import { softwareAuthenticator } from "../support/software-authenticator.ts";
import { buildSecond, type Second } from "./second.ts";

/**
 * A verifier and a writer that somebody made from SPEC.md alone, in another language, beside ours:
 * what one writes the other verifies, and both refuse the same edits with the same words.
 */

let built: Second | null = null;
beforeAll(async () => {
  built = await buildSecond();
});
afterAll(() => built?.close());
beforeEach((context) => {
  if (built === null) context.skip("needs Debian's golang-go");
});
const second = (): Second => {
  if (built === null) throw new Error("there is no Go");
  return built;
};

const clock = ["--now", String(NOW_SECONDS)];

async function readExport(
  folder: Map<string, string>,
  since: readonly string[] = [],
  trusted?: string,
) {
  const own = since.map((text, at): [string, string] => [`own/${at}`, text]);
  const path = await second().put(
    new Map([...folder, ...own, ["own/policy", trusted ?? (await aPolicy())]]),
  );
  const heads = own.flatMap(([name]) => ["--since", join(path, name)]);
  return second().run("export", path, "--policy", join(path, "own/policy"), ...clock, ...heads);
}

async function readProof(text: string, keys: string) {
  const files = new Map([
    ["proof", text],
    ["keys", keys],
    ["policy", await aPolicy()],
  ]);
  const path = await second().put(files);
  const at = (name: string) => join(path, name);
  return second().run(
    "proof",
    at("proof"),
    "--policy",
    at("policy"),
    "--keys",
    at("keys"),
    ...clock,
  );
}

describe("an export that we write", () => {
  it.each([[{}], [{ older: [10, 30] }]])("is verified: %o", async (options) => {
    expect(await readExport(await anExport(someLog(40), options))).toMatchObject({
      outcome: "verified",
      exitCode: 0,
    });
  });

  it("is not judged without a policy", async () => {
    const path = await second().put(await anExport(someLog(9)));
    expect(await second().run("export", path, ...clock)).toMatchObject({
      outcome: "unchecked",
      code: "POLICY_MISSING",
      exitCode: 1,
    });
  });

  describe.each(Object.entries(EDITS))("once somebody edits %s", (_what, edits) => {
    it.each(edits)("$name: $code", async ({ shown, code, seq, throughSeq }) => {
      const { folder, since } = await shown();
      const found = await readExport(folder, since);
      expect(found.code, found.text).toBe(code);
      expect(found.exitCode).toBe(found.outcome === "unchecked" ? 1 : 2);
      if (typeof seq === "number") expect(found.seq).toBe(seq);
      if (throughSeq !== undefined) expect(found.last_seq).toBe(throughSeq);
    });
  });
});

describe("a change of the log's key", () => {
  const at = 12;
  const old = () => aLogSigner();
  const [oldAlone, newAlone] = ["the old key", "the new key"];
  it.each([
    [oldAlone, [at], newAlone, undefined],
    [oldAlone, [at], oldAlone, "NOTE_UNSIGNED"],
    ["both keys", [at], newAlone, undefined],
    ["both keys", [at], oldAlone, "NOTE_UNSIGNED"],
    [newAlone, [at], newAlone, undefined],
    [oldAlone, [at - 1], newAlone, "NOTE_UNSIGNED"],
  ])(
    "is followed by a policy of %s, both signing at %o, then %s: %s",
    async (named, older, signer, code) => {
      const next = await aLogSigner(undefined, 9);
      const meta = { vkey: formatVkey(next.key) };
      const log = someLog(40, { events: new Map([[at, { type: "log.key_changed", meta }]]) });
      const folder = await anExport(log, { older });
      for (const size of older) {
        folder.set(`checkpoints/${size}`, await aCheckpoint(log, size, [await old(), next]));
      }
      const last = signer === newAlone ? next : await old();
      folder.set("checkpoint", await aCheckpoint(log, 40, [last, await aWitness()]));
      const ofNew = `log ${formatVkey(next.key)}\n`;
      const ofOld = await aPolicy();
      const policy =
        named === oldAlone
          ? ofOld
          : `${ofNew}${named === newAlone ? ofOld.replace(/^log .*\n/, "") : ofOld}`;
      const ours = await verifyExport(filesOf(folder), { policy, nowSeconds: NOW_SECONDS });
      expect(ours.first?.code).toBe(code);
      expect((await readExport(folder, [], policy)).code).toBe(code);
    },
  );
});

describe("a log that the second one writes", () => {
  it("is verified by both", async () => {
    const path = await second().put(new Map());
    await second().run("write", path, ...clock);
    const policy = join(path, "trust.policy");
    expect(await second().run("export", path, "--policy", policy, ...clock)).toMatchObject({
      exitCode: 0,
    });
    const ours = await verifyEvidence(path, { policy }, NOW_SECONDS);
    expect(ours.first).toBeNull();
    expect(ours.exitCode).toBe(0);
    const unsigned = await verifyExport(filesIn(path), { policy: await aPolicy() });
    expect(unsigned.first?.code).toBe("ORIGIN_DIFFERS");
  });
});

describe("one order's proof that we write", () => {
  const same = async (text: string, keys: string) => {
    const [ours, theirs] = [await verify(text, keys), await readProof(text, keys)];
    expect(theirs.code ?? null, theirs.text).toBe(ours.first?.code ?? null);
    expect(theirs.exitCode).toBe(ours.exitCode);
    return theirs;
  };

  it("is verified, and is nobody's without the reader's list", async () => {
    const { text, keys } = await anOrderProof(partsOf(anIntent()));
    expect(await same(text, keys)).toMatchObject({ outcome: "verified" });
    expect(await same(text, "")).toMatchObject({ code: "STATEMENT_KEY_UNKNOWN" });
  });

  it("is refused by both wherever one character of it is another", async () => {
    const { text, keys } = await anOrderProof(partsOf(anIntent()));
    const places = Array.from({ length: 40 }, (_, at) => Math.floor((at * text.length) / 40));
    for (const at of places) {
      const edited = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
      expect((await verify(edited, keys)).exitCode, `ours, at ${at}`).not.toBe(0);
      expect((await readProof(edited, keys)).exitCode, `the second, at ${at}`).not.toBe(0);
    }
  });

  type Over = Parameters<ReturnType<typeof softwareAuthenticator>["approve"]>[1];
  it.each<[Over]>([
    [{ type: "webauthn.create" }],
    [{ challenge: "AAAA" }],
    [{ origin: "https://evil.example" }],
    [{ crossOrigin: true }],
    [{ topOrigin: "https://evil.example" }],
    [{ rpId: "evil.example" }],
    [{ userPresent: false }],
    [{ userVerified: false }],
    [{ credentialId: "AAAA" }],
    [{ tamper: (signature) => signature.fill(1, 20, 24) }],
  ])("is refused for the same reason where the passkey signed %o", async (over) => {
    const passkey = softwareAuthenticator();
    const signing = { ...passkey, approve: (hash: string) => passkey.approve(hash, over) };
    const { text, keys } = await anOrderProof(partsOf(anIntent(), signing));
    expect((await same(text, keys)).outcome).toBe("broken");
  });

  it("is refused for the same reason where the PC sent something else", async () => {
    const intent = anIntent();
    const good = bodyOf(intent.ticket.order, intent.coid);
    const edits = [
      ['"quantity":1', '"quantity":2'],
      ['"price":187.25', '"price":188'],
      ['"side":"BUY"', '"side":"SELL"'],
      ['"conid":265598', '"conid":1'],
      ["DU1234567", "DU7654321"],
      ['"tif":"DAY"', '"tif":"GTC"'],
      [intent.coid, `${intent.coid}x`],
      ['"orderType":"LMT"', '"orderType":"MKT"'],
      ["{", '{"orders":[],"z":{'],
    ] as const;
    for (const [from, to] of edits) {
      const body = good.replace(from, to);
      const { text, keys } = await anOrderProof(partsOf(intent, undefined, { body }));
      expect((await same(text, keys)).code).toBe("STATEMENT_DIFFERS");
    }
  });

  it.each([
    [50, undefined],
    [51, undefined],
    [null, undefined],
    [100, "FORKED"],
    [101, "FORKED"],
  ])("is judged alike where the PC had seen %s entries", async (seenSize, code) => {
    const { text, keys } = await anOrderProof({ ...partsOf(anIntent()), seenSize });
    expect((await same(text, keys)).code).toBe(code);
  });
});
