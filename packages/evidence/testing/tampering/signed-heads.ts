import {
  aCheckpoint,
  aLogSigner,
  anExport,
  aWitness,
  NOW_SECONDS,
  ORIGIN,
  someLog,
} from "../a-log.ts";
import { changed, type Edit, edited, file, LOG, SIZE, signedBy, withFile } from "./edits.ts";

/** Edits of heads, signatures and keys. */
export const HEADS: readonly Edit[] = [
  {
    name: "changes the head's size",
    shown: file("checkpoint", (text) => text.replace("\n40\n", "\n41\n")),
    code: "PROOF_LENGTH",
  },
  {
    name: "changes the head's root with the entries, and keeps the signatures",
    shown: async () => {
      const folder = await anExport(changed());
      const [head = ""] = (folder.get("checkpoint") ?? "").split("\n\n");
      const [, signatures = ""] = (await aCheckpoint(LOG)).split("\n\n");
      return { folder: withFile(folder, "checkpoint", `${head}\n\n${signatures}`) };
    },
    code: "SIGNATURE_INVALID",
  },
  {
    name: "signs a forged log with the stolen key and keeps the witness's line",
    shown: async () => {
      const folder = await signedBy(changed(), [await aLogSigner()]);
      const line = (await aCheckpoint(LOG)).split("\n").at(-2);
      return { folder: withFile(folder, "checkpoint", `${folder.get("checkpoint")}${line}\n`) };
    },
    code: "SIGNATURE_INVALID",
  },
  {
    name: "signs a forged log with the stolen key, without a witness",
    shown: async () => ({ folder: await signedBy(changed(), [await aLogSigner()]) }),
    code: "WITNESS_MISSING",
  },
  {
    name: "signs a forged log with the stolen key and a witness of his own under the PC's name",
    shown: async () => ({
      folder: await signedBy(changed(), [await aLogSigner(), await aWitness(77)]),
    }),
    code: "WITNESS_MISSING",
  },
  {
    name: "brings keys of his own, and a policy that trusts them",
    shown: async () => {
      const folder = await signedBy(changed(), [await aLogSigner(ORIGIN, 66), await aWitness(77)]);
      return { folder: withFile(folder, "trust.policy", "log mine\nquorum none\n") };
    },
    code: "NOTE_UNSIGNED",
  },
  {
    name: "takes the log's signature away",
    shown: file("checkpoint", (text) => text.replace(/— gw\.example\/audit.*\n/, "")),
    code: "NOTE_UNSIGNED",
  },
  {
    name: "takes the witness's signature away",
    shown: file("checkpoint", (text) => text.replace(/— gw\.example\/pc.*\n/, "")),
    code: "WITNESS_MISSING",
  },
  {
    name: "shows a signature of an older head",
    shown: async () => {
      const older = (await aCheckpoint(LOG, 10)).split("\n").at(-3) ?? "";
      return edited("checkpoint", (text) => text.replace(/— gw\.example\/audit.*/, older));
    },
    code: "SIGNATURE_INVALID",
  },
  {
    name: "shows a cosignature of an older head",
    shown: async () => {
      const older = (await aCheckpoint(LOG, 10)).split("\n").at(-2) ?? "";
      return edited("checkpoint", (text) => text.replace(/— gw\.example\/pc.*/, older));
    },
    code: "SIGNATURE_INVALID",
  },
  {
    name: "dates a cosignature into the future",
    shown: async () => ({
      folder: await signedBy(LOG, [await aLogSigner(), await aWitness(2, NOW_SECONDS + 1)]),
    }),
    code: "COSIGNATURE_IN_FUTURE",
  },
  {
    name: "shows the log as it was, to somebody who has seen more",
    shown: async () => ({
      folder: await anExport({ ...someLog(SIZE), entries: LOG.entries.slice(0, 30), openings: [] }),
      since: [await aCheckpoint(LOG)],
    }),
    code: "ROLLED_BACK",
  },
  {
    name: "shows two readers different logs of one size",
    shown: async () => ({ folder: await anExport(changed()), since: [await aCheckpoint(LOG)] }),
    code: "FORKED",
  },
  {
    name: "rewrites what a reader has seen, and grows the log again",
    shown: async () => ({ folder: await anExport(changed()), since: [await aCheckpoint(LOG, 25)] }),
    code: "FORKED",
    seq: 1,
    throughSeq: 25,
  },
  {
    name: "rewrites below an older head that lies beside it",
    shown: async () => {
      const folder = await anExport(changed(), { older: [10, 30] });
      return { folder: withFile(folder, "checkpoints/30", await aCheckpoint(LOG, 30)) };
    },
    code: "FORKED",
    seq: 11,
    throughSeq: 30,
  },
  {
    name: "forges an older head",
    shown: file("checkpoints/10", (text) => text.replace("\n10\n", "\n11\n")),
    code: "FORKED",
    seq: 1,
    throughSeq: 11,
  },
  {
    name: "forges an older head's signature",
    shown: async () => {
      const newer = (await aCheckpoint(LOG, 30)).split("\n").at(-3) ?? "";
      return edited("checkpoints/10", (text) => text.replace(/— gw\.example\/audit.*/, newer));
    },
    code: "SIGNATURE_INVALID",
  },
];
