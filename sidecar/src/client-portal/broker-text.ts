import type { BrokerText } from "@ibkr-edge-gateway/protocol/operation-schemas/field-types.ts";
import { LIMITS } from "./limits.ts";
import { toText } from "./wire-values.ts";

const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

/**
 * Outside text as data: markup, control and direction characters go, whitespace is folded, length
 * is capped. What is left may still try to talk to a model, so it only ever travels inside
 * `untrusted_text`.
 */
export function brokerText(value: unknown): BrokerText | null {
  const text = toText(value);
  if (text === null) return null;
  const cleaned = plainText(text, LIMITS.brokerTextChars);
  return cleaned === "" ? null : { untrusted_text: cleaned };
}

/** Short labels the broker writes (names, descriptions), by the same cleaning. */
export function label(value: unknown, maxChars: number): string | null {
  const text = toText(value);
  if (text === null) return null;
  const cleaned = plainText(text, maxChars);
  return cleaned === "" ? null : cleaned;
}

function plainText(text: string, maxChars: number): string {
  const folded = text
    .slice(0, 20_000)
    .replace(/<[^<>]{0,500}>/g, " ")
    .replace(/&(#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,6});/gi, decodeEntity)
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  const points = [...folded];
  return points.length <= maxChars ? folded : `${points.slice(0, maxChars - 1).join("")}…`;
}

function decodeEntity(whole: string, name: string): string {
  if (!name.startsWith("#")) return ENTITIES[name.toLowerCase()] ?? whole;
  const code =
    name[1]?.toLowerCase() === "x" ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : " ";
}
