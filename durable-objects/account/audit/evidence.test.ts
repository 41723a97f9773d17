import { utf8 } from "@ibkr-edge-gateway/evidence/bytes.ts";
import { formatCheckpoint } from "@ibkr-edge-gateway/evidence/checkpoint/checkpoint.ts";
import { formatEntry } from "@ibkr-edge-gateway/evidence/event/entry.ts";
import { formatManifest } from "@ibkr-edge-gateway/evidence/export/manifest.ts";
import { formatRecord } from "@ibkr-edge-gateway/evidence/export/record.ts";
import { manifestOf } from "@ibkr-edge-gateway/evidence/export/record-files.ts";
import { verifyExport } from "@ibkr-edge-gateway/evidence/export/verify-export.ts";
import { verifyTiles } from "@ibkr-edge-gateway/evidence/export/verify-tiles.ts";
import { treeRoot } from "@ibkr-edge-gateway/evidence/merkle/nodes.ts";
import { formatNote } from "@ibkr-edge-gateway/evidence/note/note.ts";
import { signNote } from "@ibkr-edge-gateway/evidence/note/sign.ts";
import {
  aLogSigner,
  aPolicy,
  aWitness,
  type Folder,
  ORIGIN,
} from "@ibkr-edge-gateway/evidence/testing/a-log.ts";
import { filesOf } from "@ibkr-edge-gateway/evidence/testing/folder.ts";
import { encodeBundle } from "@ibkr-edge-gateway/evidence/tiles/bundle.ts";
import { bundlesOf, tilePath, tilesOf } from "@ibkr-edge-gateway/evidence/tiles/path.ts";
import { tileBytes } from "@ibkr-edge-gateway/evidence/tiles/tile.ts";
import { hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { auditEvent } from "../../../test/support/audit-event.ts";
import { sqlStorage } from "../../../test/support/sql-storage.ts";
import { appendAudit, auditHead, storedNodes } from "./log.ts";
import { auditRowsAfter } from "./tables/log.ts";
import { AUDIT_LOG_SCHEMA, AUDIT_SALTS_SCHEMA } from "./tables/schema.ts";

/** The log as the object keeps it, read by the verifier that a stranger has. */
const ACCOUNT = "account-one";
const SIZE = 300;
const NOW = Date.parse("2026-11-20T10:00:00.004Z");

function storedLog() {
  const sql = sqlStorage(AUDIT_LOG_SCHEMA, AUDIT_SALTS_SCHEMA);
  for (let n = 1; n <= SIZE; n++) appendAudit(sql, ACCOUNT, auditEvent(n), NOW);
  const rows = auditRowsAfter(sql, 0, SIZE);
  const entries = rows.map(({ seq, event }) => formatEntry({ account: ACCOUNT, seq, event }));
  return { sql, nodes: storedNodes(sql), rows, entries };
}

async function signedHead(root: Uint8Array): Promise<string> {
  const text = formatCheckpoint({ origin: ORIGIN, size: SIZE, root });
  return formatNote(await signNote(text, [await aLogSigner(), await aWitness()]));
}

describe("the rows of the account's log", () => {
  it.each([
    [0, SIZE],
    [37, 256],
    [256, 257],
  ])("make an export from %i to %i that a stranger verifies", async (fromIndex, toIndex) => {
    const { sql, nodes, rows, entries } = storedLog();
    const head = auditHead(sql);
    const log = { origin: ORIGIN, account: ACCOUNT, size: SIZE, nodes };
    const manifest = manifestOf(log, { fromIndex, toIndex });
    const lines = rows
      .slice(fromIndex, toIndex)
      .map(({ seq, leaf_hash }) =>
        formatRecord(seq, entries[seq - 1] ?? "", hexToBytes(leaf_hash)),
      );
    const folder: Folder = new Map([
      ["export.json", formatManifest(manifest)],
      ["checkpoint", await signedHead(hexToBytes(head.root))],
      [manifest.files[0]?.name ?? "", lines.join("")],
    ]);
    const verdict = await verifyExport(filesOf(folder), { policy: await aPolicy() });
    expect(verdict).toMatchObject({ outcome: "verified", first: null });
  });

  it("make tiles that a stranger verifies, without a second store", async () => {
    const { nodes, entries } = storedLog();
    const root = treeRoot(SIZE, nodes);
    const served = new Map([["checkpoint", utf8(await signedHead(root))]]);
    for (const tile of tilesOf(SIZE)) served.set(tilePath(tile), tileBytes(tile, nodes));
    for (const bundle of bundlesOf(SIZE)) {
      const from = bundle.index * 256;
      const bytes = encodeBundle(entries.slice(from, from + bundle.width).map(utf8));
      served.set(tilePath(bundle), bytes);
    }
    const open = async (name: string) => {
      const bytes = served.get(name);
      return bytes === undefined ? null : [bytes];
    };
    const verdict = await verifyTiles({ open }, { policy: await aPolicy() });
    expect(verdict).toMatchObject({ outcome: "verified", first: null });
  });
});
