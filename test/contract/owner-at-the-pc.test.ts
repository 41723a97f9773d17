import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fingerprintWords } from "@ibkr-edge-gateway/protocol/relay/fingerprint.ts";
import { RecoveryAnswer } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { createCertificate } from "@ibkr-edge-gateway/simulator/certificate.ts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { pairSidecar } from "../../scripts/lib/local-sidecar.ts";
import { startSidecar } from "../../scripts/lib/sidecar-process.ts";
import { loadPairing, storePairing } from "../../sidecar/src/config/pairing-file.ts";
import { openOrderStore } from "../../sidecar/src/orders/journal/order-store.ts";
import { orderStorePath } from "../../sidecar/src/orders/local-policy/order-settings.ts";
import { loadOrCreateDeviceKey } from "../../sidecar/src/trust/pc-keys/device-key.ts";
import { listApprovers } from "../../sidecar/src/trust/tables/approvers.ts";
import { accountOf, ownerOf } from "../support/access.ts";
import { type Gateway, startGateway } from "../support/gateway.ts";
import { HostileEdge } from "../support/hostile-edge.ts";
import { member, signInWith } from "../support/members.ts";
import { Browser, checkboxes, formFields } from "../support/oauth-client.ts";
import { until } from "../support/relay/until.ts";
import { ceremonyOn, SoftwarePasskey } from "../support/software-passkey.ts";
import { atTerminal } from "../support/terminal.ts";

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
const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
  rmSync(folder, { recursive: true, force: true });
});

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

/** A command at a terminal of its own, for somebody who types. */
function terminal(...args: string[]) {
  const started = atTerminal([process.execPath, CLI, "--config-dir", pc, ...args]);
  endings.push(started.kill);
  return started;
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
async function pairWith(browser: Browser, ...more: (string | (() => void))[]) {
  const flags = more.filter((one) => typeof one === "string");
  let page: Promise<string> = Promise.resolve("");
  const said: string[] = [];
  const child = startSidecar(
    CLI,
    ["--config-dir", pc, "pair", gateway.url, "--json", ...flags],
    (line) => {
      said.push(line);
      if (!line.includes('"event":"code"')) return;
      for (const act of more) if (typeof act === "function") act();
      page = confirmIn(browser, JSON.parse(line).user_code);
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

/** The sidecar with nobody at its terminal, until it is stopped; what it logged. */
async function running(...flags: string[]) {
  const logs: string[] = [];
  const child = startSidecar(CLI, ["--config-dir", pc, "run", "--simulated", ...flags], (line) =>
    logs.push(line),
  );
  endings.push(() => child.stop());
  await until(() => logs.some((line) => line.includes("connected to the gateway")), "connected");
  return { logs, stop: () => child.stop() };
}

/** The owner makes another passkey in the console. */
async function another(browser: Browser, name: string) {
  const passkey = new SoftwarePasskey(gateway.url);
  const making = await (await browser.get("/security/passkeys/new")).text();
  const made = await browser.post("/security/passkeys", {
    csrf: formFields(making).csrf ?? "",
    name,
    response: passkey.register(ceremonyOn(making)),
  });
  expect(made.headers.get("Location")).toBe("/security");
  return passkey;
}

describe("a passkey of the console, at the PC", { timeout: 60_000 }, () => {
  it("pairing enrols none; the console's are listed at the PC and taken by their six words", async () => {
    const { browser, words, passkey } = await owner();
    const paired = await pairWith(browser);
    expect([paired.code, paired.said]).toEqual([0, expect.stringContaining('"paired"')]);
    expect(approvers()).toEqual([]);
    const early = await run("approvers", "add");
    expect([early.code, early.out]).toEqual([1, expect.stringContaining("No passkey waits")]);

    const { logs } = await running();
    await until(() => logs.some((line) => line.includes("approver_waiting")), "it is announced");
    const second = await another(browser, "Laptop");
    await until(() => logs.some((line) => line.includes("Laptop")), "at once, without a restart");
    const listed = await run("approvers", "add");
    expect(listed.code).toBe(2);
    expect(listed.out).toContain(words);
    expect(listed.out).toContain("Laptop");
    expect(approvers()).toEqual([]);
    const wrong = await run("approvers", "add", "--accept-approver", "one two three four five six");
    expect([wrong.code, wrong.out]).toEqual([2, expect.stringContaining("has these words")]);
    expect((await run("approvers", "add", "--accept-approver", words)).code).toBe(0);
    expect(approvers()).toMatchObject([
      { credentialId: passkey.credentialId, fingerprint: words, kind: "terminal-edge" },
    ]);
    const left = await run("approvers", "add");
    expect(left.out).not.toContain(words);
    expect(left.out).toContain("Laptop");
    for (const path of ["/security", "/sidecars"]) {
      const page = await (await browser.get(path)).text();
      for (const word of words.split(" "))
        expect([path, page]).toEqual([path, expect.stringContaining(`<li>${word}</li>`)]);
      expect(page).toContain(second.credentialId);
    }
  });

  it.runIf(process.platform === "linux")(
    "`run` in a terminal asks, once, and only a yes takes it; `approvers add` asks again",
    async () => {
      const { browser, words, passkey } = await owner();
      expect((await pairWith(browser)).code).toBe(0);
      const no = terminal("run", "--simulated");
      await no.until("(y/N)");
      expect(no.said()).toContain(words);
      no.type("");
      await no.until("Not accepted.");
      expect(approvers()).toEqual([]);
      const laptop = await another(browser, "Laptop");
      await no.until('"Laptop"');
      await until(() => no.said().split("(y/N)").length === 3, "it asks about the new one");
      no.type("y");
      await no.until("Accepted.");
      expect(approvers()).toMatchObject([{ credentialId: laptop.credentialId }]);
      await no.stop();

      // What was said no to is not asked about again, until somebody wants it.
      const again = terminal("run", "--simulated");
      await again.until("connected to the gateway");
      const add = terminal("approvers", "add");
      await add.until("(y/N)");
      expect(add.said()).toContain(words);
      add.type("yes");
      expect(await add.ended).toBe(0);
      expect(again.said()).not.toContain("(y/N)");
      await again.stop();
      expect(
        approvers()
          .map(({ credentialId }) => credentialId)
          .sort(),
      ).toEqual([laptop.credentialId, passkey.credentialId].sort());
    },
  );

  it("taken for the simulator without asking, it is good for nothing else", async () => {
    const { browser, passkey, words } = await owner();
    expect((await pairWith(browser, "--simulated")).code).toBe(0);
    const { logs, stop } = await running("--take-approvers");
    await until(() => logs.some((line) => line.includes("approver_taken")), "it is taken");
    expect(approvers()).toMatchObject([{ credentialId: passkey.credentialId }]);
    await stop();
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
    // Paired anew for a broker: what nobody was asked about is gone, and nothing is taken unasked.
    expect((await pairWith(browser, "--replace")).code).toBe(0);
    expect(approvers()).toEqual([]);
    const unasked = await run("run", "--simulated", "--take-approvers");
    expect([unasked.code, unasked.out]).toEqual([2, expect.stringContaining("--take-approvers")]);
    expect((await run("approvers", "add", "--accept-approver", words)).code).toBe(0);
    expect(approvers()).toMatchObject([{ enrolledBy: "terminal", fingerprint: words }]);
  });
});

describe("a pairing that the PC does not want after all", { timeout: 60_000 }, () => {
  const known = (accountId: string) =>
    gateway.sql<{ state: string; capabilities: string }>(
      "Account",
      accountId,
      "SELECT state, capabilities FROM sidecars",
    );

  it("is undone at the gateway too, when it cannot be kept here", async () => {
    const { browser, accountId } = await owner();
    mkdirSync(join(pc, "pairing.json", "taken"), { recursive: true, mode: 0o700 });
    const refused = await pairWith(browser);
    expect([refused.code, refused.page]).toEqual([2, ""]);
    rmSync(join(pc, "pairing.json"), { recursive: true });
    // Readable while the code is shown, and gone when the answer comes.
    const { code } = await pairWith(browser, "--name", "desk", () =>
      mkdirSync(join(pc, "pairing.json", "taken"), { recursive: true, mode: 0o700 }),
    );
    expect(code).toBe(2);
    expect(await known(accountId)).toMatchObject([{ state: "revoked" }]);
    expect(await (await browser.get("/sidecars")).text()).toContain("Revoked");
  });

  it("leaves the pairing of before as it was, and a stranger's DELETE leaves it, too", async () => {
    const { browser, accountId } = await owner();
    expect((await pairWith(browser)).code).toBe(0);
    const before = await known(accountId);
    await until(async () => (await known(accountId)).length === 1, "paired");
    const kept = loadPairing(pc);
    const again = await pairWith(browser, "--replace", () => {
      rmSync(join(pc, "pairing.json"));
      mkdirSync(join(pc, "pairing.json", "taken"), { recursive: true, mode: 0o700 });
    });
    expect(again.code).toBe(2);
    expect(await known(accountId)).toEqual(before);
    expect(kept).not.toBeNull();
    const stranger = await fetch(`${gateway.url}/pairing`, {
      method: "DELETE",
      headers: { Authorization: `Bearer ${"a".repeat(43)}.${"b".repeat(43)}` },
    });
    expect(stranger.status).toBe(204);
    expect(await known(accountId)).toEqual(before);
  });
});

describe("the simulator's PC of a local start", () => {
  it("is paired by its owner where the token signs in no more", async () => {
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
    const tell = (line: string) => {
      told.push(line);
      const code = /^type ([A-Z]{4}-[A-Z]{4}),/.exec(line)?.[1];
      if (code !== undefined) confirmed = confirmIn(browser, code);
    };
    await pairSidecar(CLI, pc, to, { tell });
    expect(await confirmed).toContain("is paired");
    expect(told[0]).toContain(`${gateway.url}/pair`);
    expect(loadPairing(pc)).toMatchObject({ simulated: true });
    expect(approvers()).toEqual([]);
  });
});

describe("a hostile gateway's approver", () => {
  const OWNERS = "abandon ability able about above absent";
  let edge: HostileEdge;
  beforeEach(async () => {
    edge = await new HostileEdge(OWNERS).start();
  });
  afterEach(() => edge.stop());

  it("comes to nothing: pairing takes none, with or without somebody at the terminal", async () => {
    const alone = await run("pair", edge.url);
    expect(alone.code).toBe(0);
    expect(alone.out).not.toContain(OWNERS);
    expect(approvers()).toEqual([]);
    expect((await run("approvers", "add", "--accept-approver", OWNERS)).code).toBe(1);
    expect(approvers()).toEqual([]);
  });

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
    gateway.sql<{ type: string; by: string | null; who: string }>(
      "Account",
      accountId,
      `SELECT json_extract(event, '$.type') AS type, json_extract(event, '$.meta.by') AS by,
              json_extract(event, '$.who.kind') AS who
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
    // By the PC's key, and not by anybody who was signed in.
    expect((await events(accountId)).map(({ type, who }) => [type, who])).toEqual([
      ["owner.recovery_begun", "sidecar"],
      ["owner.recovery_begun", "sidecar"],
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
      { type: "owner.recovery_stopped", by: "session", who: "owner" },
      { type: "owner.recovery_stopped", by: "passkey", who: "owner" },
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
