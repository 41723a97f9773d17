import { describe, expect, it } from "vitest";
import { deployArguments, secretsNotIn } from "./deploy.ts";

describe("npm run deploy", () => {
  it("attaches a host of one's own and leaves workers.dev to Cloudflare", () => {
    expect(deployArguments("https://ibkr.example.com")).toEqual([
      "--var",
      "PUBLIC_ORIGIN:https://ibkr.example.com",
      "--domain",
      "ibkr.example.com",
    ]);
    expect(deployArguments("https://ibkr-edge-gateway.me.workers.dev")).toEqual([
      "--var",
      "PUBLIC_ORIGIN:https://ibkr-edge-gateway.me.workers.dev",
    ]);
  });

  it("asks only for secrets that are not there", () => {
    expect(secretsNotIn("")).toEqual(["OWNER_TOKEN", "EDGE_IDENTITY_KEY", "EVIDENCE_KEY"]);
    expect(secretsNotIn('[{"name":"EDGE_IDENTITY_KEY","type":"secret_text"}]')).toEqual([
      "OWNER_TOKEN",
      "EVIDENCE_KEY",
    ]);
    const all = '[{"name":"OWNER_TOKEN"},{"name":"EDGE_IDENTITY_KEY"},{"name":"EVIDENCE_KEY"}]';
    expect(secretsNotIn(all)).toEqual([]);
  });
});
