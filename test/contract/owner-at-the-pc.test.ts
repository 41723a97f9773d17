import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { pairSidecar } from "../../scripts/lib/local-sidecar.ts";
import { startSidecar } from "../../scripts/lib/sidecar-process.ts";
import { loadPairing, storePairing } from "../../sidecar/src/config/pairing-file.ts";
import { orderStorePath } from "../../sidecar/src/orders/local-files.ts";
import { openOrderStore } from "../../sidecar/src/orders/store.ts";
import { createCertificate } from "../../sidecar/src/simulator/certificate.ts";
import { listApprovers } from "../../sidecar/src/trust/approvers.ts";
import { loadOrCreateDeviceKey } from "../../sidecar/src/trust/device-key.ts";
import { fingerprintWords } from "../../src/protocol/relay/fingerprint.ts";
import { RecoveryAnswer } from "../../src/protocol/relay/pairing.ts";
import { accountOf, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { HostileEdge } from "../support/hostile-edge.ts";
import { member, signInWith } from "../support/members.ts";
import { Browser, checkboxes, formFields } from "../support/oauth-client.ts";
import { ceremonyOn, SoftwarePasskey } from "../support/software-passkey.ts";

/**
 * What an owner does with the console on one side and the PC's own command line on the other: whose
 * passkey may approve orders, and the way back in when every passkey is lost. Owners here are
 * members of somebody else's gateway: their passkey is all they have.
 */
const CLI = inject("sidecarCli");
const HOUR = 3_600_000;

let gateway: Gateway;
let folder: string;
let pc: string;
beforeAll(async () => {
  gateway = await startGateway({
    vars: { SIGN_UP: "open" },
    rateLimits: { SIGN_IN_LIMIT: 10_000, RELAY_LIMIT: 10_000 },
  });
  await ownerOf(gateway);
});
afterAll(() => gateway.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "ibkr-owner-pc-"));
  pc = join(folder, "pc");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  code: number | null;
  out: string;
}

/** A command of the PC, with nobody at its terminal. */
function run(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, "--config-dir", pc, ...args], (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: out + err });
    });
  });
}

/** A command at a terminal of its own; whoever sits there types an answer when asked. */
function atTerminal(answer: string, ...args: string[]): Promise<Ran> {
  const words = [process.execPath, CLI, "--config-dir", pc, ...args].map(
    (word) => `'${word.replaceAll("'", "'\\''")}'`,
  );
  const child = spawn("script", ["-qec", words.join(" "), "/dev/null"]);
  let out = "";
  let asked = false;
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (asked || !out.includes("to go on:")) return;
    asked = true;
    child.stdin.write(`${answer}\n`);
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, out }));
  });
}

/** Whose passkeys this PC takes approvals from. */
function approvers() {
  const pairing = loadPairing(pc);
  if (pairing === null) throw new Error("this PC is not paired");
  const store = openOrderStore(orderStorePath(pc, pairing));
  try {
    return listApprovers(store.db);
  } finally {
    store.close();
  }
}

const isPaired = () => readdirSync(pc).includes("pairing.json");

/** An owner with a passkey, confirmed a moment ago, and the passkey as the gateway knows it. */
async function owner() {
  const { browser, passkey } = await member(gateway);
  const [row] = await gateway.sql<{ public_key: string }>(
    "Account",
    accountOf(browser),
    "SELECT public_key FROM passkeys",
  );
  if (row === undefined) throw new Error("the member has no passkey");
  const words = fingerprintWords(row.public_key).join(" ");
  return { browser, passkey, words, accountId: accountOf(browser), publicKey: row.public_key };
}

/** Confirms a pairing through the console's pages; the page that says so. */
async function confirmIn(browser: Browser, code: string): Promise<string> {
  const { csrf = "" } = formFields(await (await browser.get("/pair")).text());
  const page = await (await browser.post("/pair", { csrf, code })).text();
  const done = await browser.post("/pair/confirm", [
    ["csrf", csrf],
    ["code", code],
    ["words", "same"],
    ...checkboxes(page, "capability").map(({ value }): [string, string] => ["capability", value]),
  ]);
  return done.text();
}

/** Pairs this PC with the real gateway; what the console said, and how the command ended. */
async function pairWith(browser: Browser, ...flags: string[]) {
  let page: Promise<string> = Promise.resolve("");
  const said: string[] = [];
  const child = startSidecar(
    CLI,
    ["--config-dir", pc, "pair", gateway.url, "--json", ...flags],
    (line) => {
      said.push(line);
      if (line.includes('"event":"code"')) page = confirmIn(browser, JSON.parse(line).user_code);
    },
  );
  return { code: await child.exited, page: await page, said: said.join("\n") };
}

/** A PC of this owner's, without the minutes that pairing takes a person. */
async function pairedPc(accountId: string): Promise<void> {
  mkdirSync(pc, { mode: 0o700 });
  const { publicKey } = loadOrCreateDeviceKey(pc);
  const sidecarId = `sc_${accountId.slice(-8)}`;
  await gateway.sql(
    "Account",
    accountId,
    `INSERT INTO sidecars (sidecar_id, public_key, machine, version, fingerprint, capabilities, state, paired_at)
     VALUES (?, ?, 'desk', '1', 'f', '[]', 'active', 1)`,
    sidecarId,
    publicKey,
  );
  storePairing(pc, {
    gateway_origin: gateway.url,
    relay_url: `${gateway.url.replace("http", "ws")}/relay/${accountId}`,
    account_id: accountId,
    sidecar_id: sidecarId,
    edge_identity_key: publicKey,
    capabilities: [],
    paired_at: new Date().toISOString(),
  });
}

describe("the approver that comes with a pairing", () => {
  it("is shown by its words in the console, and enrolled where they were accepted at the PC", async () => {
    const { browser, words, passkey } = await owner();
    const paired = await pairWith(browser, "--accept-approver", words);
    expect([paired.code, paired.said]).toEqual([0, expect.stringContaining('"paired"')]);
    const shown = [...paired.page.matchAll(/<li>([a-z]+)<\/li>/g)].map(([, word]) => word);
    expect(shown.join(" ")).toBe(words);
    expect(approvers()).toMatchObject([{ credentialId: passkey.credentialId, fingerprint: words }]);
    for (const path of ["/security", "/sidecars"]) {
      const page = await (await browser.get(path)).text();
      for (const word of words.split(" "))
        expect([path, page]).toEqual([path, expect.stringContaining(`<li>${word}</li>`)]);
      expect(page).toContain(passkey.credentialId);
    }
  });

  it("a PC that was paired before takes it by the one line that the console shows", async () => {
    const { browser, passkey, publicKey, accountId } = await owner();
    const page = await (await browser.get("/security")).text();
    const line = /ibkr-sidecar (approvers add [^<]+)</.exec(page)?.[1] ?? "";
    expect(line).toBe(
      `approvers add --credential ${passkey.credentialId} --public-key ${publicKey}`,
    );
    await pairedPc(accountId);
    const other = new SoftwarePasskey(gateway.url);
    const { csrf = "" } = formFields(await (await browser.get("/security")).text());
    const making = await (await browser.get("/security/passkeys/new")).text();
    await browser.post("/security/passkeys", {
      csrf,
      name: "Another",
      response: other.register(ceremonyOn(making)),
    });
    const second = await (await browser.get("/security")).text();
    const lines = [...second.matchAll(/ibkr-sidecar (approvers add [^<]+)</g)].map(
      ([, l = ""]) => l,
    );
    const args = lines.find((one) => one.includes(other.credentialId))?.split(" ") ?? [];
    expect((await run(...args)).code).toBe(2);
    expect(approvers()).toEqual([]);
    const key = args.at(-1) ?? "";
    const added = await run(...args, "--accept-approver", fingerprintWords(key).join(" "));
    expect(added.code).toBe(0);
    expect(approvers()).toMatchObject([{ credentialId: other.credentialId }]);
  });

  it("taken for the simulator without asking, it is good for nothing else", async () => {
    const { browser, passkey, words } = await owner();
    expect((await pairWith(browser, "--simulated")).code).toBe(0);
    expect(approvers()).toMatchObject([{ credentialId: passkey.credentialId }]);
    const real = await run("run", "--client-portal", "https://127.0.0.1:1");
    expect([real.code, real.out]).toEqual([2, expect.stringContaining("paired for the simulator")]);
    // Nor under the simulator's name, when what listens there is something else.
    const { pem, keyPem } = await createCertificate({ organization: "Interactive Brokers LLC" });
    let asked = 0;
    const broker = createServer({ key: keyPem, cert: pem }, (_request, response) => {
      asked += 1;
      response.end("{}");
    });
    await once(broker.listen(0, "127.0.0.1"), "listening");
    const address = broker.address();
    const at = typeof address === "object" ? `https://127.0.0.1:${address?.port}` : "";
    const labelled = await run("run", "--simulated", "--client-portal", at);
    expect([labelled.code, asked]).toEqual([2, 0]);
    expect(labelled.out.trim().split("\n")).toEqual([expect.stringContaining("not the simulator")]);
    // Nor when the first look proved nothing, and it shows itself only later.
    broker.once("connection", (socket) => socket.destroy());
    const later = await run("run", "--simulated", "--client-portal", at);
    broker.close();
    expect([later.code, asked]).toEqual([2, 0]);
    expect(later.out).toContain("what answers there is not the simulator");
    // Paired anew for a broker: asked this time, and what nobody was asked about is gone.
    const again = await pairWith(browser, "--replace", "--accept-approver", words);
    expect(again.code).toBe(0);
    expect(approvers()).toMatchObject([{ enrolledBy: "terminal", fingerprint: words }]);
  });
});

describe("the simulator's PC of a local start", () => {
  it("is paired by its owner where the token signs in no more, and takes the passkey along", async () => {
    const operator = await ownerOf(gateway);
    const passkey = new SoftwarePasskey(gateway.url);
    const making = await (await operator.get("/security/passkeys/new")).text();
    await operator.post("/security/passkeys", {
      csrf: formFields(making).csrf ?? "",
      name: "Phone",
      response: passkey.register(ceremonyOn(making)),
    });
    const browser = new Browser(gateway.url);
    expect((await signInWith(browser, passkey)).status).toBe(303);
    const to = { url: gateway.url, ownerToken: gateway.secrets.OWNER_TOKEN };
    // Nobody is told, so nobody can be waited for.
    await expect(pairSidecar(CLI, pc, to)).rejects.toThrow("the owner token was refused");
    expect(isPaired()).toBe(false);
    let confirmed: Promise<string> = Promise.resolve("");
    const told: string[] = [];
    await pairSidecar(CLI, pc, to, [], (line) => {
      told.push(line);
      const code = /^type ([A-Z]{4}-[A-Z]{4}),/.exec(line)?.[1];
      if (code !== undefined) confirmed = confirmIn(browser, code);
    });
    expect(await confirmed).toContain("is paired");
    expect(told[0]).toContain(`${gateway.url}/pair`);
    expect(loadPairing(pc)).toMatchObject({ simulated: true });
    expect(approvers()).toMatchObject([{ credentialId: passkey.credentialId }]);
  });
});

describe("a hostile gateway's approver", () => {
  const OWNERS = "abandon ability able about above absent";
  let edge: HostileEdge;
  beforeEach(async () => {
    edge = await new HostileEdge(OWNERS).start();
  });
  afterEach(() => edge.stop());

  it("is not enrolled where nobody sits, whatever words it claims, and neither is the PC paired", async () => {
    const alone = await run("pair", edge.url);
    const true_words = fingerprintWords(edge.publicKey).join(" ");
    expect(alone.code).toBe(2);
    expect(alone.out).toContain(true_words);
    expect(alone.out).not.toContain(OWNERS);
    // The owner's words given beforehand are compared with the key, not with what came with it.
    const named = await run("pair", edge.url, "--accept-approver", OWNERS);
    expect([named.code, named.out]).toEqual([2, expect.stringContaining("words are others")]);
    expect((await run("pair", edge.url, "--yes")).code).toBe(2);
    expect(isPaired()).toBe(false);
  });

  it.runIf(process.platform === "linux")(
    "at the terminal its true words are shown, and only the word yes enrols it",
    async () => {
      const words = fingerprintWords(edge.publicKey).join(" ");
      for (const answer of ["no", "y"]) {
        const said = await atTerminal(answer, "pair", edge.url);
        expect([answer, said.code]).toEqual([answer, 1]);
        expect(said.out).toContain(words);
        expect(said.out).not.toContain(OWNERS);
        expect(isPaired()).toBe(false);
      }
      expect((await atTerminal("yes", "pair", edge.url)).code).toBe(0);
      expect(approvers()).toMatchObject([{ fingerprint: words }]);
    },
  );

  it("without one nothing is enrolled, and nothing is asked", async () => {
    const silent = await new HostileEdge(OWNERS, false).start();
    try {
      expect((await run("pair", silent.url)).code).toBe(0);
      expect(approvers()).toEqual([]);
    } finally {
      await silent.stop();
    }
  });
});

describe("an owner without an owner token who lost every passkey", () => {
  /** As if this much time had passed since the PC asked. */
  const wait = async (accountId: string, ms: number) => {
    await gateway.sql(
      "Account",
      accountId,
      `UPDATE owner_settings SET value = json_object(
         'askedAt', json_extract(value, '$.askedAt') - ?1,
         'readyAt', json_extract(value, '$.readyAt') - ?1) WHERE name LIKE 'recovery:%'`,
      ms,
    );
  };
  const recover = async (address: string, code: string, browser = new Browser(gateway.url)) => {
    const fields = formFields(await (await browser.get(address)).text());
    const answer = await browser.post("/sign-in/recover", { ...fields, code });
    return { browser, status: answer.status, location: answer.headers.get("Location") };
  };
  const codeIn = ({ out }: Ran) => /Type this code: (\S+)/.exec(out)?.[1] ?? "";
  const pathOf = (accountId: string) => `/sign-in/recover?account=${accountId}`;
  /** What `ibkr-sidecar recover` asks, without a process for each time; the code, when there is one. */
  async function ask(accountId: string): Promise<{ status: number; code: string }> {
    const sidecarId = `sc_${accountId.slice(-8)}`;
    const token = await loadOrCreateDeviceKey(pc).recoveryToken({
      audience: gateway.url,
      subject: sidecarId,
      nowMs: Date.now(),
      jti: crypto.randomUUID(),
    });
    const response = await fetch(`${gateway.url}/recovery`, {
      method: "POST",
      body: JSON.stringify({ account_id: accountId, sidecar_id: sidecarId, token }),
    });
    const answer = RecoveryAnswer.safeParse(await response.json());
    const code = answer.success && "code" in answer.data ? answer.data.code : "";
    return { status: response.status, code };
  }
  const events = (accountId: string) =>
    gateway.sql<{ type: string; by: string | null }>(
      "Account",
      accountId,
      `SELECT json_extract(event, '$.type') AS type, json_extract(event, '$.meta.by') AS by
       FROM audit_log WHERE json_extract(event, '$.type') LIKE 'owner.recovery%' ORDER BY seq`,
    );

  it("gets in by the paired PC a day after it asked, once, and makes a new passkey", async () => {
    const { browser, accountId } = await owner();
    await pairedPc(accountId);
    const asked = await run("recover");
    expect([asked.code, asked.out]).toEqual([0, expect.stringMatching(/Run this again after/)]);
    expect(codeIn(asked)).toBe("");
    // Asking again makes it neither shorter nor longer, and shows nothing.
    expect(await ask(accountId)).toEqual({ status: 202, code: "" });
    const alert = await (await browser.get("/")).text();
    expect(alert).toContain("A way in without a passkey was asked for");
    await wait(accountId, 24 * HOUR - 60_000);
    expect(await ask(accountId)).toEqual({ status: 202, code: "" });

    await wait(accountId, 60_000);
    const open = await run("recover");
    const [code, address] = [codeIn(open), pathOf(accountId)];
    expect(open.out).toContain(`Open ${gateway.url}${address}`);
    expect([open.out, code]).toEqual([
      expect.not.stringContaining("owner token"),
      expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
    ]);
    // It opens this account alone, and only by its own address.
    const stranger = await owner();
    expect((await recover(`/sign-in/recover?account=${stranger.accountId}`, code)).status).toBe(
      403,
    );
    expect((await recover("/sign-in/recover", code)).status).toBe(403);
    expect((await recover(address, "BCDF-GHJK")).status).toBe(403);
    const back = await recover(address, code);
    expect([back.status, back.location]).toEqual([303, "/security"]);
    expect((await recover(address, code)).status).toBe(403);

    const fresh = new SoftwarePasskey(gateway.url);
    const making = await (await back.browser.get("/security/passkeys/new")).text();
    const { csrf = "" } = formFields(making);
    const made = await back.browser.post("/security/passkeys", {
      csrf,
      name: "New phone",
      response: fresh.register(ceremonyOn(making)),
    });
    expect(made.headers.get("Location")).toBe("/security");
    expect((await signInWith(new Browser(gateway.url), fresh)).status).toBe(303);
    expect((await events(accountId)).map(({ type }) => type)).toEqual([
      "owner.recovery_begun",
      "owner.recovery_begun",
    ]);
    // It is done with: the next one waits a day again, and the new passkey approves nothing by itself.
    expect((await ask(accountId)).status).toBe(202);
    expect(approvers()).toEqual([]);
  }, 60_000);

  it("is stopped by whoever is signed in, and by a passkey that is used", async () => {
    const { browser, accountId, passkey } = await owner();
    await pairedPc(accountId);
    const address = pathOf(accountId);
    await ask(accountId);
    await wait(accountId, 24 * HOUR);
    const shown = await ask(accountId);
    expect(shown.status).toBe(201);
    const { csrf = "" } = formFields(await (await browser.get("/security")).text());
    await browser.post("/security/recovery/stop", { csrf });
    expect((await recover(address, shown.code)).status).toBe(403);

    // Asked again, the day begins again; then the owner signs in as ever.
    expect((await ask(accountId)).status).toBe(202);
    await wait(accountId, 24 * HOUR);
    const late = await ask(accountId);
    expect(late.status).toBe(201);
    const phone = new Browser(gateway.url);
    expect((await signInWith(phone, passkey)).status).toBe(303);
    expect((await recover(address, late.code)).status).toBe(403);
    expect(await (await phone.get("/")).text()).not.toContain("without a passkey was asked for");
    expect((await events(accountId)).filter(({ by }) => by !== null)).toEqual([
      { type: "owner.recovery_stopped", by: "session" },
      { type: "owner.recovery_stopped", by: "passkey" },
    ]);
  });

  it("a PC that was revoked meanwhile helps nobody in, and what was not used ends", async () => {
    const { browser, accountId } = await owner();
    await pairedPc(accountId);
    await ask(accountId);
    // Three days after it was open it is over, and has to be asked for anew.
    await wait(accountId, (24 + 73) * HOUR);
    expect((await ask(accountId)).status).toBe(202);
    await wait(accountId, 24 * HOUR);
    const shown = await ask(accountId);
    expect(shown.status).toBe(201);
    const page = await (await browser.get("/sidecars")).text();
    await browser.post(
      "/sidecars/revoke",
      formFields(page.slice(page.indexOf('action="/sidecars/revoke"'))),
    );
    expect((await recover(pathOf(accountId), shown.code)).status).toBe(403);
    expect((await ask(accountId)).status).toBe(401);
  });
});
