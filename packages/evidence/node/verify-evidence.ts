import { readFile, stat } from "node:fs/promises";
import { couldNotRead, type Verdict } from "../export/verdict.ts";
import { verifyExport } from "../export/verify-export.ts";
import { verifyProof } from "../proof/verify-proof.ts";
import { filesIn, nodeSha256 } from "./folder.ts";

/** Files that a reader names beside the evidence. */
export interface JudgeOptions {
  /** A trust policy: whose signatures count. */
  readonly policy?: string | undefined;
  /** For a proof file: the PC's and the approver's keys. */
  readonly keys?: string | undefined;
  /** For an export: checkpoints kept from before. */
  readonly since?: readonly string[];
  readonly onProgress?: (entries: number) => void;
}

/**
 * The verdict over an export's folder or a proof file on this disk. Needs no network. What cannot be
 * read cannot be judged: that is an answer as well (exit code 1), and never "broken".
 */
export async function verifyEvidence(
  path: string,
  { policy: policyFile, keys: keysFile, since = [], onProgress }: JudgeOptions,
  nowSeconds: number,
): Promise<Verdict> {
  const found = await stat(path).catch(() => null);
  if (found === null) return couldNotRead(path, "There is no such file or folder.");
  try {
    const policy = await textIfNamed(policyFile);
    if (!found.isDirectory()) {
      const [text, keys] = [await readFile(path, "utf8"), await textIfNamed(keysFile)];
      return await verifyProof(text, { policy, keys, nowSeconds });
    }
    const older = await Promise.all(since.map((file) => readFile(file, "utf8")));
    return await verifyExport(filesIn(path), {
      policy,
      since: older,
      nowSeconds,
      sha256: nodeSha256,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || !("path" in error)) throw error;
    return couldNotRead(String(error.path), error.message);
  }
}

const textIfNamed = async (file: string | undefined): Promise<string | null> =>
  file === undefined ? null : readFile(file, "utf8");
