import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";
import { UsageError } from "../config/usage-error.ts";

/**
 * A backup is one file: a line of JSON that says how it is locked, then the locked bytes.
 *
 *   header     {"format", "version", "kdf": {"name", "n", "r", "p", "salt"}, "cipher", "iv"} and a newline
 *   body       AES-256-GCM over gzip over JSON {"made_at", "files": [{"name", "data"}]}
 *   tag        the last 16 bytes
 *
 * Salt, iv and data are base64. The key is scrypt over the passphrase (UTF-8, NFKC). The header's
 * bytes, without the newline, are authenticated with the body.
 */
export interface BackupContent {
  /** ISO time. */
  made_at: string;
  files: BackupFile[];
}

export interface BackupFile {
  name: string;
  data: Buffer;
}

const FORMAT = "ibkr-sidecar-backup";
/** 128 MiB and about a third of a second for each guess. */
const SCRYPT = { n: 2 ** 17, r: 8, p: 1 };
const SCRYPT_MAX_BYTES = 256 * 1024 * 1024;
const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_MAX_BYTES = 4_096;
const CONTENT_MAX_BYTES = 1024 * 1024 * 1024;
/** Far from a password of a page: whoever has the file may guess for years. */
export const PASSPHRASE_MIN_CHARS = 12;

const Header = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(1),
  kdf: z.strictObject({
    name: z.literal("scrypt"),
    // The file says what to spend, and may be somebody else's: no more than this version spends.
    n: z.literal(SCRYPT.n),
    r: z.literal(SCRYPT.r),
    p: z.literal(SCRYPT.p),
    salt: z.base64(),
  }),
  cipher: z.literal("aes-256-gcm"),
  iv: z.base64(),
});

const Content = z.strictObject({
  made_at: z.iso.datetime(),
  files: z.array(z.strictObject({ name: z.string().max(200), data: z.base64() })).max(1_000),
});

/** Locks a PC's files under a passphrase. */
export function lockBackup({ made_at, files }: BackupContent, passphrase: string): Buffer {
  const [salt, iv] = [randomBytes(32), randomBytes(IV_BYTES)];
  const header = Buffer.from(
    JSON.stringify({
      format: FORMAT,
      version: 1,
      kdf: { name: "scrypt", ...SCRYPT, salt: salt.toString("base64") },
      cipher: "aes-256-gcm",
      iv: iv.toString("base64"),
    } satisfies z.input<typeof Header>),
  );
  const content = {
    made_at,
    files: files.map(({ name, data }) => ({ name, data: data.toString("base64") })),
  };
  const cipher = createCipheriv("aes-256-gcm", keyOf(passphrase, salt), iv);
  cipher.setAAD(header);
  const body = [cipher.update(gzipSync(JSON.stringify(content))), cipher.final()];
  return Buffer.concat([header, Buffer.from("\n"), ...body, cipher.getAuthTag()]);
}

/** @throws UsageError for a file that is no backup, is damaged, or was locked under another passphrase. */
export function unlockBackup(file: Buffer, passphrase: string): BackupContent {
  const end = file.subarray(0, HEADER_MAX_BYTES).indexOf(0x0a);
  const header = Header.safeParse(jsonOrNull(file.subarray(0, Math.max(end, 0)).toString("utf8")));
  if (end < 0 || !header.success || file.length < end + 1 + TAG_BYTES) {
    throw new UsageError("this is no backup of a sidecar that this version can read");
  }
  const [salt, iv] = [header.data.kdf.salt, header.data.iv].map((text) =>
    Buffer.from(text, "base64"),
  );
  if (salt === undefined || iv?.length !== IV_BYTES) throw new UsageError("this backup is damaged");
  const decipher = createDecipheriv("aes-256-gcm", keyOf(passphrase, salt), iv);
  decipher.setAAD(file.subarray(0, end));
  decipher.setAuthTag(file.subarray(-TAG_BYTES));
  let plain: Buffer;
  try {
    plain = Buffer.concat([decipher.update(file.subarray(end + 1, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw new UsageError("the passphrase is wrong, or the backup is damaged");
  }
  const text = gunzipSync(plain, { maxOutputLength: CONTENT_MAX_BYTES }).toString("utf8");
  const content = Content.safeParse(jsonOrNull(text));
  if (!content.success) throw new UsageError("this backup is of another version");
  return {
    made_at: content.data.made_at,
    files: content.data.files.map(({ name, data }) => ({
      name,
      data: Buffer.from(data, "base64"),
    })),
  };
}

function keyOf(passphrase: string, salt: Buffer): Buffer {
  return scryptSync(passphrase.normalize("NFKC"), salt, KEY_BYTES, {
    N: SCRYPT.n,
    r: SCRYPT.r,
    p: SCRYPT.p,
    maxmem: SCRYPT_MAX_BYTES,
  });
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
