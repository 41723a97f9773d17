// x509 finds its algorithms through decorators and wants this loaded before it.
import "reflect-metadata";
import { X509Certificate as NodeCertificate, webcrypto } from "node:crypto";
import {
  OPEN_AROUND_THE_CLOCK,
  SIMULATOR_ORGANIZATION,
} from "@ibkr-edge-gateway/protocol/simulator-mark.ts";
import * as x509 from "@peculiar/x509";
import type { MarketHours } from "./market/hours-setting.ts";

export interface Certificate {
  /** The leaf, PEM. */
  pem: string;
  /** Its private key, PKCS#8 PEM. */
  keyPem: string;
  /** SHA-256 of the leaf as Node prints it: `AB:CD:…`. */
  sha256: string;
}

/**
 * TLS peers judge validity by the clock of their own machine, whatever the simulator's clock says and
 * however wrong this machine's is; so it holds at any time at which anybody simulates.
 */
const VALID_FROM = new Date(Date.UTC(2020, 0, 1));
const VALID_UNTIL = new Date(Date.UTC(2099, 11, 31));

/**
 * A fresh self-signed certificate for the loopback address, as an owner would make for the gateway;
 * by its organization the simulator's is known, and by its unit a market that never closes.
 */
export async function createCertificate({
  organization = SIMULATOR_ORGANIZATION,
  marketHours = "exchange",
}: {
  organization?: string;
  marketHours?: MarketHours;
} = {}): Promise<Certificate> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const unit = marketHours === "always" ? `, OU=${OPEN_AROUND_THE_CLOCK}` : "";
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=localhost, O=${organization}${unit}`,
    notBefore: VALID_FROM,
    notAfter: VALID_UNTIL,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: "ip", value: "127.0.0.1" },
        { type: "dns", value: "localhost" },
      ]),
    ],
  });
  const pem = certificate.toString("pem");
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  return {
    pem,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${key.toString("base64")}\n-----END PRIVATE KEY-----\n`,
    sha256: new NodeCertificate(pem).fingerprint256,
  };
}
