import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import { OWNER_TOKEN_MIN_CHARS } from "../src/web/limits.ts";
import { orSaySorry, Sorry } from "./lib/say.ts";
import { generateSecrets } from "./lib/secrets.ts";
import { wrangler } from "./lib/wrangler.ts";

const DATABASE = "ibkr-edge-gateway";

/**
 * `npm run deploy`: makes the D1 database when it is missing, applies migrations, asks for missing
 * secrets, and deploys; wrangler itself makes the KV namespace. The tables come first, so that new
 * code never meets an old schema. `--dry-run` does what needs no Cloudflare account.
 */
export function main(args: string[]): Promise<void> {
  return orSaySorry(async () => {
    const { values } = parse(args);
    const origin = await publicOrigin(values.origin);
    const target = deployArguments(origin);
    if (values["dry-run"]) {
      console.log(`Would deploy ${origin} after: D1 database ${DATABASE} and its migrations, KV`);
      console.log("namespace OAUTH_KV, secrets OWNER_TOKEN, EDGE_IDENTITY_KEY, EVIDENCE_KEY.");
      await step("The Worker could not be built.", ["deploy", "--dry-run", ...target]);
      return;
    }
    await step("Log in first: npx wrangler login", ["whoami"], { show: false });
    if (!(await wrangler(["d1", "info", DATABASE, "--json"])).ok) {
      await step("The D1 database could not be made.", ["d1", "create", DATABASE]);
    }
    await step("The migrations could not be applied.", [
      "d1",
      "migrations",
      "apply",
      "DB",
      "--remote",
    ]);
    await withSecretsFile(await missingSecrets(), async (secrets) => {
      await step("The Worker was not deployed.", ["deploy", ...target, ...secrets]);
    });
    console.log(`\nMCP endpoint: ${origin}/mcp\nConsole: ${origin}/`);
    console.log(`Pair your PC: ${sidecarCommand("pair")} ${origin}`);
  });
}

/** A host of one's own is attached to the Worker; one on workers.dev is Cloudflare's to give. */
export function deployArguments(origin: string): string[] {
  const { hostname } = new URL(origin);
  const domain = hostname.endsWith(".workers.dev") ? [] : ["--domain", hostname];
  return ["--var", `PUBLIC_ORIGIN:${origin}`, ...domain];
}

/** Which of the gateway's secrets `wrangler secret list` does not name. */
export function secretsNotIn(list: string): string[] {
  const start = list.indexOf("[");
  const known: unknown = start === -1 ? [] : JSON.parse(list.slice(start));
  const names = new Set(
    Array.isArray(known) ? known.map((secret: { name?: unknown }) => secret?.name) : [],
  );
  return ["OWNER_TOKEN", "EDGE_IDENTITY_KEY", "EVIDENCE_KEY"].filter((name) => !names.has(name));
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: { origin: { type: "string" }, "dry-run": { type: "boolean", default: false } },
    });
  } catch (error) {
    throw new Sorry(error instanceof Error ? error.message : String(error));
  }
}

/** The address that clients and the sidecar will use, from --origin, PUBLIC_ORIGIN or the terminal. */
async function publicOrigin(given: string | undefined): Promise<string> {
  const answer =
    given ??
    process.env.PUBLIC_ORIGIN ??
    (await ask("Public address, e.g. https://ibkr.example.com: "));
  const address = answer.trim();
  if (!URL.canParse(address) || new URL(address).protocol !== "https:") {
    throw new Sorry("A deployed gateway needs an https address, e.g. https://ibkr.example.com");
  }
  return new URL(address).origin;
}

async function missingSecrets(): Promise<Record<string, string>> {
  // Before the first deployment there is no Worker to ask, and no secret either.
  const list = await wrangler(["secret", "list", "--format", "json"]);
  const missing = secretsNotIn(list.ok ? list.output : "");
  const made = await generateSecrets();
  const secrets: Record<string, string> = {};
  if (missing.includes("EDGE_IDENTITY_KEY")) secrets.EDGE_IDENTITY_KEY = made.EDGE_IDENTITY_KEY;
  if (missing.includes("EVIDENCE_KEY")) secrets.EVIDENCE_KEY = made.EVIDENCE_KEY;
  if (missing.includes("OWNER_TOKEN")) {
    const typed = (await ask("Owner sign-in token (Enter makes a random one): ")).trim();
    if (typed !== "" && typed.length < OWNER_TOKEN_MIN_CHARS) {
      throw new Sorry(`An owner token needs at least ${OWNER_TOKEN_MIN_CHARS} characters.`);
    }
    secrets.OWNER_TOKEN = typed || made.OWNER_TOKEN;
    if (typed === "") console.log(`Owner sign-in token, shown this once: ${secrets.OWNER_TOKEN}`);
  }
  return secrets;
}

async function withSecretsFile(
  secrets: Record<string, string>,
  act: (args: string[]) => Promise<void>,
): Promise<void> {
  if (Object.keys(secrets).length === 0) return act([]);
  const directory = await mkdtemp(join(tmpdir(), "ibkr-edge-gateway-"));
  try {
    const file = join(directory, "secrets.json");
    await writeFile(file, JSON.stringify(secrets), { mode: 0o600 });
    await act(["--secrets-file", file]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new Sorry(
      "Nobody is at the terminal to ask; pass --origin https://… or set PUBLIC_ORIGIN.",
    );
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

async function step(failed: string, args: string[], { show = true } = {}): Promise<void> {
  const { ok, output } = await wrangler(args, { show });
  if (!ok) throw new Sorry(output === "" ? failed : `${failed}\n${output}`);
}
