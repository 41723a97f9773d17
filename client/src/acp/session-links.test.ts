import { mkdtemp, readdir, readFile, rm, stat, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  forgetOldLinks,
  linkedSession,
  markSeen,
  sessionHash,
  sessionLinks,
} from "./session-links.ts";

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "ibkr-links-")), "acp");
});
afterEach(() => rm(join(folder, ".."), { recursive: true }));

describe("the link between a session and its server", () => {
  it("gives a session the token that it was begun with, in any process", () => {
    const links = sessionLinks(folder);
    const token = links.newToken();
    expect(linkedSession(folder, token)).toBeNull();
    links.link(token, "sess_1");
    expect(sessionLinks(folder).tokenOf("sess_1")).toBe(token);
    expect(linkedSession(folder, token)).toBe(sessionHash("sess_1"));
  });

  it("gives a session that was begun elsewhere the same token each time", () => {
    const token = sessionLinks(folder).tokenOf("sess_2");
    expect(sessionLinks(folder).tokenOf("sess_2")).toBe(token);
    expect(linkedSession(folder, token)).toBe(sessionHash("sess_2"));
  });

  it("holds the session's hash and nothing of its id, readable by its user alone", async () => {
    sessionLinks(folder).tokenOf("sess_secret");
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      expect(name + (await readFile(path, "utf8"))).not.toContain("secret");
      expect((await stat(path)).mode & 0o077).toBe(0);
    }
  });

  it("knows whether a server was started with the token", () => {
    const links = sessionLinks(folder);
    const token = links.newToken();
    expect(links.wasSeen(token)).toBe(false);
    markSeen(folder, token);
    expect(links.wasSeen(token)).toBe(true);
    markSeen(folder, "../elsewhere");
    expect(linkedSession(folder, "../elsewhere")).toBeNull();
  });

  it("is forgotten when nobody took the session up for 90 days", async () => {
    const links = sessionLinks(folder);
    const [old, young] = [links.tokenOf("old"), links.tokenOf("young")];
    const now = 1_800_000_000_000;
    const day = 86_400;
    for (const name of await readdir(folder)) {
      const age = name.startsWith(old) || name.startsWith(sessionHash("old")) ? 91 : 89;
      await utimes(join(folder, name), now / 1_000 - age * day, now / 1_000 - age * day);
    }
    forgetOldLinks(folder, now);
    expect(linkedSession(folder, old)).toBeNull();
    expect(linkedSession(folder, young)).not.toBeNull();
  });
});
