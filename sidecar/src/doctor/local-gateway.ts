import { connect as netConnect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { sidecarCommand } from "@ibkr-edge-gateway/protocol/sidecar-command.ts";
import type { GatewayAddress } from "../client-portal/address.ts";
import type { CertificatePins } from "../client-portal/certificate-pin.ts";
import { LIMITS } from "../client-portal/limits.ts";
import { type Finding, ok, unknown, wrong } from "./finding.ts";

/** Whether anything listens where the Client Portal Gateway should. */
export async function checkPort(address: GatewayAddress): Promise<Finding> {
  const open = await new Promise<boolean>((resolve) => {
    const socket = netConnect({ host: address.host, port: address.port });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(LIMITS.connectTimeoutMs, () => done(false));
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
  });
  return open
    ? ok("port", `Something listens at ${address.origin}.`)
    : wrong(
        "port",
        `Nothing listens at ${address.origin}.`,
        "Start the Client Portal Gateway; on a Mac port 5000 may belong to AirPlay, so try 5001 there and name it with --client-portal.",
      );
}

/** The SHA-256 of the certificate shown there; null when no TLS comes about. */
function shownCertificate(address: GatewayAddress): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = tlsConnect({
      host: address.host,
      port: address.port,
      // Only looked at: nothing is sent.
      rejectUnauthorized: false,
    });
    const done = (answer: string | null): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(LIMITS.connectTimeoutMs, () => done(null));
    socket.once("secureConnect", () => done(socket.getPeerCertificate().fingerprint256 || null));
    socket.once("error", () => done(null));
  });
}

/** Whether the certificate is the trusted one; `trust` is one the owner names as trusted from now on. */
export async function checkCertificate(
  address: GatewayAddress,
  pins: CertificatePins,
  trust: string | undefined,
  nowIso: string,
): Promise<Finding> {
  if (!address.tls) return ok("TLS", "Plain HTTP on this machine; there is no certificate.");
  const shown = await shownCertificate(address);
  if (shown === null) {
    return wrong(
      "TLS",
      "No TLS comes about there.",
      "Check listenSsl in the gateway's conf.yaml, or use http:// in --client-portal.",
    );
  }
  if (trust !== undefined) {
    if (sameFingerprint(trust, shown)) {
      pins.set(address.origin, shown, nowIso);
      return ok("TLS", `The certificate ${shown} is trusted from now on.`);
    }
    return wrong(
      "TLS",
      `The certificate there is ${shown}, not the one you named.`,
      "Compare the fingerprints again; nothing was changed.",
    );
  }
  const pinned = pins.get(address.origin);
  if (pinned === null) return unknown("TLS", `Not seen before: ${shown}. The first run trusts it.`);
  return pinned === shown
    ? ok("TLS", "The certificate is the trusted one.")
    : wrong(
        "TLS",
        `The certificate there is ${shown}, not the trusted one.`,
        `If you changed it yourself, run: ${sidecarCommand("doctor")} --trust-certificate ${shown}`,
      );
}

function sameFingerprint(a: string, b: string): boolean {
  const plain = (text: string): string => text.replace(/[^0-9a-f]/gi, "").toUpperCase();
  return plain(a) === plain(b) && plain(a).length === 64;
}
