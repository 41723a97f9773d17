/**
 * What a PC understands beyond the protocol that every gateway knows, told in the handshake as build
 * metadata of its version (`1.4.0+cancel-by-gateway`, SemVer §10). A gateway of any age takes that for
 * a version, and a PC of any age is asked only in words that it said it knows.
 */
export const CLIENT_WORDS = [
  /** `order.cancel` with `by: "gateway"`. */
  "cancel-by-gateway",
  /** `job.submit` with `service`, and an exit beside an entry of the same broker account. */
  "service-class",
  /** `order.answer` with the number that the PC shows beside a question. */
  "question-number",
  /** The operations `approver.*` of the owner's own page (`approver-page.ts`). */
  "own-page",
] as const;
export type ClientWord = (typeof CLIENT_WORDS)[number];

/** At most what `client.version` holds. */
const VERSION_MAX_CHARS = 64;

/** A PC's version with the words it knows: as many as there is room for, in their order. */
export function versionWithWords(version: string): string {
  let told = version;
  for (const word of CLIENT_WORDS) {
    const more = `${told}${told.includes("+") ? "." : "+"}${word}`;
    if (more.length > VERSION_MAX_CHARS) break;
    told = more;
  }
  return told;
}

/** The version without the words, and those of them that are known here. */
export function readClientVersion(told: string): { version: string; knows: ClientWord[] } {
  const [version = "", metadata = ""] = told.split("+", 2);
  const parts = metadata.split(".");
  const knows = CLIENT_WORDS.filter((word) => parts.includes(word));
  const rest = parts.filter((part) => part !== "" && !isWord(part));
  return { version: rest.length === 0 ? version : `${version}+${rest.join(".")}`, knows };
}

const isWord = (part: string): boolean => CLIENT_WORDS.some((word) => word === part);
