/** The number that the PC shows beside what it asks: four digits, or two from a PC of an older version. */
export const SHOWN_NUMBER_PATTERN = "[1-9][0-9]{3}|[1-9][0-9]";
export const SHOWN_NUMBER_LENGTH = 4;

/** Null for what is no such number: then it is no try. */
export function readShownNumber(text: string | null | undefined): number | null {
  const typed = (text ?? "").trim();
  return new RegExp(`^(?:${SHOWN_NUMBER_PATTERN})$`).test(typed) ? Number(typed) : null;
}
