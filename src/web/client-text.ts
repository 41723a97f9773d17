import { CLIENT_NAME_MAX_CHARS } from "./limits.ts";

/**
 * Text that a client chose for itself, made fit to be shown: no control or format characters (bidi
 * overrides, zero-width marks, tags), whitespace folded, cut to a length. Escaping is the page's.
 */
export function displayText(text: string, maxChars: number = CLIENT_NAME_MAX_CHARS): string {
  const plain = text
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replace(/[\p{Cf}\p{Co}\p{Cs}\p{Cn}]/gu, "")
    .trim();
  const characters = [...plain];
  return characters.length <= maxChars ? plain : `${characters.slice(0, maxChars - 1).join("")}…`;
}
