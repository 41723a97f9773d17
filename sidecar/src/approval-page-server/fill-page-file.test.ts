import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PageSettings } from "@ibkr-edge-gateway/protocol/approval-page/enrolment.ts";
import { describe, expect, it } from "vitest";
import { fillPage, pageHeaders, pageSha256, readPageTemplate } from "./fill-page-file.ts";
import { pageName } from "./page-name.ts";
import { approvalPageSettings, hostedPageSettings } from "./page-settings.ts";

const pairing = {
  gateway_origin: "https://gateway.example/",
  account_id: "acct_1",
  sidecar_id: "sc_home",
};
const KEY = "A".repeat(43);
const TEMPLATE =
  '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; connect-src %CONNECT%"><script>%SETTINGS%</script>';

describe("the page of one PC", () => {
  it("speaks to its gateway alone, and the PC's own to the PC alone", () => {
    const hosted = fillPage(TEMPLATE, hostedPageSettings(pairing, KEY, "study.lan"));
    expect(hosted).toContain('connect-src https://gateway.example"');
    expect(hosted).toContain('"pc_name":"study"');
    const own = fillPage(TEMPLATE, approvalPageSettings(pairing, KEY, "study.lan"));
    expect(own).toContain("connect-src 'self'\"");
    expect(pageSha256(hosted)).toMatch(/^[0-9a-f]{64}$/);
    expect(pageSha256(hosted)).not.toBe(pageSha256(own));
  });

  it("bears the name that this PC had when it was made first: a PC that is renamed makes the same file", () => {
    const folder = mkdtempSync(join(tmpdir(), "page-name-"));
    try {
      expect(pageName(folder, () => "study.lan")).toBe("study");
      expect(pageName(folder, () => "kitchen.lan")).toBe("study");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("cannot be ended by a name, and is made of one template alone", () => {
    const evil: PageSettings = {
      ...hostedPageSettings(pairing, KEY, "x"),
      pc_name: "</script><script>%CONNECT%",
    };
    const page = fillPage(TEMPLATE, evil);
    expect(page.match(/<\/script/g)).toHaveLength(1);
    expect(() => fillPage("<p>", evil)).toThrow();
    expect(() => fillPage(`${TEMPLATE}%SETTINGS%`, evil)).toThrow();
    expect(() => fillPage(TEMPLATE, { ...evil, pc_key: "short" })).toThrow();
    expect(hostedPageSettings(pairing, KEY, "\u202e<>").pc_name).toBe("PC");
  });

  it("is given out under its own policy, and in no frame", () => {
    const headers = pageHeaders(fillPage(TEMPLATE, approvalPageSettings(pairing, KEY, "x")));
    expect(headers["Content-Security-Policy"]).toBe(
      "default-src 'none'; connect-src 'self'; frame-ancestors 'none'",
    );
    expect(headers["X-Frame-Options"]).toBe("DENY");
  });

  it("is not made where the sidecar was not built", () => {
    expect(() => readPageTemplate(new URL("file:///nowhere/approver-page.html"))).toThrow(
      "build the sidecar",
    );
  });
});
