import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { Browser } from "../../scripts/lib/browser.ts";
import { formFields } from "../../scripts/lib/html-forms.ts";
import { signIn } from "../../scripts/lib/oauth-client.ts";
import { fromRoot } from "../../scripts/lib/paths.ts";
import { OrderSettings } from "../../sidecar/src/orders/local-policy/order-settings.ts";
import { type Person, startPerson } from "../clients/person.ts";
import { type Example, examplesIn, examplesInDocs, type Fate } from "../support/doc-examples.ts";
import { FAMILIES, FATES, SETTINGS } from "../support/doc-fates.ts";
// fixed date: every part of the walk is given the clock that it says.
import { clockEnv, plainEnv, startNpm, walkTime } from "../support/npm-start.ts";
import { ceremonyOn, SoftwarePasskey } from "../support/software-passkey.ts";
import { atTerminal } from "../support/terminal.ts";

/** Every example of the README and of docs/ is typed as it stands, beside one `npm start`. */
const PATIENCE_MS = 60_000;

const examples = await examplesInDocs();

function fateOf({ document, text, kind }: Example): Fate | undefined {
  const family = FAMILIES.find((one) => one.document === document && one.text.test(text));
  const setting = kind === "json" ? SETTINGS[document] : undefined;
  return FATES[text] ?? family ?? setting;
}

describe("the examples in README and docs", () => {
  it("each have a line in the table, and the table has no others", () => {
    expect(examples.filter((one) => fateOf(one) === undefined)).toEqual([]);
    const texts = new Set(examples.map(({ text }) => text));
    expect(Object.keys(FATES).filter((text) => !texts.has(text))).toEqual([]);
    expect(examples.length).toBeGreaterThan(40);
  });

  it("that another test runs name one that is there", () => {
    const files = [...Object.values(FATES), ...FAMILIES].flatMap((fate) =>
      "by" in fate ? [fate.by] : [],
    );
    expect(files.filter((file) => !existsSync(fromRoot(file)))).toEqual([]);
  });

  it("are found in fences, in sentences and in tables", () => {
    const markdown =
      'Run `npm run a`.\n\n   ```sh\n   npx b\n   ```\n\n| `npm c on\\|off` | `{"d": 1}` |';
    expect(examplesIn("x.md", markdown).map(({ text }) => text)).toEqual([
      "npx b",
      "npm run a",
      "npm c on|off",
      '{"d": 1}',
    ]);
  });

  it.each(examples.filter((one) => "readBy" in (fateOf(one) ?? {})))(
    "$document: $text is read by what reads it",
    async (example) => {
      const fate = fateOf(example);
      const text = example.text
        .replaceAll("<your host>", "gateway.example")
        .replaceAll("<sub>", "sub-1")
        .replaceAll("<address>", "http://localhost:8787");
      const reader = fate !== undefined && "readBy" in fate ? fate.readBy : null;
      if (reader === "external issuers") expect(await issuersIn(text)).toHaveLength(1);
      else if (reader === "orders.json") OrderSettings.parse(JSON.parse(text));
      else if (reader === "OIDC subjects") Subjects.parse(JSON.parse(text));
      else Servers.parse(JSON.parse(text));
    },
  );
});

/** The Worker's own reader, whose types are the Worker's and not those of tests. */
async function issuersIn(text: string): Promise<unknown> {
  const product: unknown = await import(fromRoot("src/oauth/external-issuers.ts"));
  const { readExternalIssuers } = z
    .object({ readExternalIssuers: z.instanceof(Function) })
    .parse({ ...Object(product) });
  return readExternalIssuers(text);
}

const Subjects = z.record(z.string(), z.string());
const Servers = z.strictObject({
  mcpServers: z.record(z.string(), z.strictObject({ url: z.url() })),
});

describe.runIf(process.platform === "linux")("the examples, typed", () => {
  let folder: string;
  let env: Record<string, string>;
  let checkout: string;
  let started: ReturnType<typeof startNpm>;
  let person: Person;
  let owner: Browser;
  let url: string;
  const known = new Map<string, string>();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "ibkr-examples-"));
    const home = join(folder, "home");
    await mkdir(home);
    checkout = await linkedCheckout(join(folder, "checkout"));
    const browser = join(folder, "browser");
    const clock = await clockEnv(walkTime(), folder);
    const plain = { ...plainEnv(browser), ...clock, HOME: home, DATA_DIR: join(folder, "data") };
    started = startNpm(plain);
    const { console: address, token } = await started.ready;
    url = address.replace(/\/$/, "");
    owner = new Browser(url);
    await signIn(owner, token);
    person = await startPerson(owner, browser);
    person.choice = "paper";
    env = { ...plain, BROWSER: person.browser };
  }, 120_000);
  afterAll(async () => {
    await person?.close();
    await started?.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  /** With the addresses of this run, and what an answer before gave. */
  const filledIn = (text: string): string =>
    [...known].reduce(
      (line, [name, value]) => line.replaceAll(`<${name}>`, value),
      text.replaceAll("http://localhost:8787", url),
    );

  async function type(text: string, types?: string): Promise<{ code: number | null; out: string }> {
    if (types !== undefined) {
      const terminal = atTerminal(["sh", "-c", `cd '${checkout}' && ${text}`], env);
      terminal.type(types);
      const late = setTimeout(() => void terminal.kill(), PATIENCE_MS);
      const code = await terminal.ended;
      clearTimeout(late);
      return { code, out: terminal.said() };
    }
    return new Promise((resolve) => {
      const child = spawn("sh", ["-ec", text], { cwd: checkout, env, stdio: "pipe" });
      const out: string[] = [];
      child.stdin.end();
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk: Buffer) => out.push(chunk.toString()));
      }
      const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
      child.on("close", (code) => {
        clearTimeout(late);
        resolve({ code, out: out.join("") });
      });
    });
  }

  const typed = Object.entries(FATES).flatMap(([text, fate]) =>
    "runs" in fate ? (fate.as ?? [text]).map((line) => ({ line, fate })) : [],
  );
  it.each(typed)(
    "$line",
    async ({ line, fate }) => {
      // The document has its reader add a passkey before they prepare an order.
      if (line.includes("ibkr_order_preview")) await readyForOrders(owner);
      const { code, out } = await type(filledIn(line), fate.types);
      expect(code, out).toBe(fate.ends ?? 0);
      if (fate.says !== undefined) expect(out).toMatch(fate.says);
      const preview = /\bpv_[0-9A-Z]{26}\b/.exec(out)?.[0];
      if (preview !== undefined) known.set("preview_id", preview);
      const ask = /\bask"?: ["'](\d+(?:\.\d+)?)/.exec(out)?.[1];
      if (ask !== undefined) known.set("limit", (Number(ask) * 1.002).toFixed(2));
      expect(person.failures).toEqual([]);
    },
    PATIENCE_MS + 10_000,
  );
});

/** The checkout as a reader sees it, in a folder of its own: what a command leaves there stays there. */
async function linkedCheckout(path: string): Promise<string> {
  await mkdir(path);
  for (const name of await readdir(fromRoot("."))) {
    if (name === ".git" || name === "config" || name === "artifacts") continue;
    await symlink(fromRoot(name), join(path, name));
  }
  return path;
}

/** A passkey, which the simulator's PC takes by itself, and paper orders switched on. */
async function readyForOrders(owner: Browser): Promise<void> {
  const passkey = new SoftwarePasskey(owner.origin);
  const page = async (path: string) => (await owner.get(path)).text();
  const form = async (path: string, fields: Record<string, string>) => {
    const { csrf = "" } = formFields(await page("/security"));
    const answer = await owner.post(path, { csrf, ...fields });
    expect(answer.status).toBe(303);
  };
  const making = ceremonyOn(await page("/security/passkeys/new"));
  await form("/security/passkeys", { name: "Phone", response: passkey.register(making) });
  const asking = ceremonyOn(await page("/confirm?next=%2F"));
  await form("/confirm", { next: "/", response: passkey.use(asking) });
  await form("/trading/switch", { mode: "paper", on: "yes" });
}
