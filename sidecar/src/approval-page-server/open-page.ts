import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { EnrolmentCode } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { pageFragment } from "@ibkr-edge-gateway/protocol/approval-page/page-fragment.ts";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import * as z from "zod";
import { UsageError } from "../config/usage-error.ts";
import { loopbackOrigin } from "./loopback-port.ts";
import { PROOF_PATH } from "./loopback-server.ts";
import { newLinkToken, proofOf, sameText, sha256 } from "./page-links.ts";

const PROOF_MS = 3_000;

/**
 * A fresh link to this PC's own page, made only when what answers at the port is this PC's own
 * program.
 * @throws UsageError when nothing does, or something else.
 */
export async function pageLink(
  db: DatabaseSync,
  port: number,
  code: EnrolmentCode | null,
  nowMs: number,
): Promise<string> {
  const origin = loopbackOrigin(port);
  const token = newLinkToken(db, origin, nowMs);
  await proveServed(origin, sha256(token));
  return `${origin}/#${pageFragment({ token, code })}`;
}

async function proveServed(origin: string, link: string): Promise<void> {
  const challenge = randomBytes(32).toString("hex");
  const url = `${origin}${PROOF_PATH}?link=${link}&challenge=${challenge}`;
  let said: unknown;
  try {
    const answer = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(PROOF_MS) });
    said = await answer.json();
  } catch {
    throw new UsageError(
      `nothing answers at ${origin}: start the sidecar first (${sidecarCommand("run")})`,
    );
  }
  const proof = z.object({ proof: z.string() }).safeParse(said);
  if (!proof.success || !sameText(proof.data.proof, proofOf(link, challenge))) {
    throw new UsageError(
      `another program answers at ${origin}; end it, or look who runs it, before you open a link there`,
    );
  }
}

/** Opens an address in the owner's browser; false where there is no desktop to open it on. */
export function openInBrowser(url: string): Promise<boolean> {
  const command = browserCommand(url);
  if (command === null) return Promise.resolve(false);
  const [program, args] = command;
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 10_000 }, (error) => resolve(error === null));
  });
}

function browserCommand(url: string): [string, string[]] | null {
  switch (process.platform) {
    case "darwin":
      return ["open", [url]];
    case "win32":
      return ["rundll32", ["url.dll,FileProtocolHandler", url]];
    default: {
      const desktop = process.env.DISPLAY ?? process.env.WAYLAND_DISPLAY;
      return desktop === undefined ? null : ["xdg-open", [url]];
    }
  }
}
