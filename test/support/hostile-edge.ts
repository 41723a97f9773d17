import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PairingOffer, PairingPoll } from "@ibkr-edge-gateway/protocol/relay/pairing.ts";
import { softwareAuthenticator } from "./software-authenticator.ts";

/** A gateway in an attacker's hands: everything it says is wellformed, and the key is the attacker's. */
export class HostileEdge {
  readonly key = softwareAuthenticator();
  #server: Server | undefined;
  url = "";
  readonly #claimed: string;
  readonly #offers: boolean;

  constructor(claimed: string, offers = true) {
    this.#claimed = claimed;
    this.#offers = offers;
  }

  get publicKey(): string {
    return Buffer.from(this.key.publicKey).toString("base64url");
  }

  async start(): Promise<this> {
    const server = createServer((request, response) => {
      const answer = (status: number, body: object) => {
        response.writeHead(status, { "Content-Type": "application/json" });
        response.end(JSON.stringify(body));
      };
      if (request.method === "POST") {
        const offer: PairingOffer = PairingOffer.parse({
          user_code: "BCDF-GHJK",
          poll_token: `${"a".repeat(43)}.${"b".repeat(43)}`,
          verification_url: `${this.url}/pair`,
          edge_identity_key: "c".repeat(43),
          expires_at: new Date(Date.now() + 60_000).toISOString(),
          poll_interval_ms: 20,
        });
        answer(201, offer);
        return;
      }
      const poll: PairingPoll = PairingPoll.parse({
        state: "confirmed",
        account_id: `acct_${"0".repeat(26)}`,
        sidecar_id: "sc_hostile",
        relay_url: `${this.url.replace("http", "ws")}/relay/acct_${"0".repeat(26)}`,
        capabilities: ["broker.read", "orders.paper", "orders.live"],
        approver: this.#offers
          ? {
              credential_id: this.key.credentialId,
              public_key: this.publicKey,
              fingerprint: this.#claimed,
            }
          : null,
      });
      answer(200, poll);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}
