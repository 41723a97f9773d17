const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** The broker's `APR26` as `2026-04`; null for anything else. */
export function monthFromBroker(text: string): string | null {
  const match = /^([A-Z]{3})(\d{2})$/.exec(text.trim().toUpperCase());
  const number = match?.[1] === undefined ? 0 : MONTHS.indexOf(match[1]) + 1;
  return number === 0 || match === null ? null : `20${match[2]}-${String(number).padStart(2, "0")}`;
}

/** `2026-04` as the broker's `APR26`; null for anything else. */
export function monthForBroker(month: string): string | null {
  const match = /^20(\d{2})-(\d{2})$/.exec(month);
  const name = match === null ? undefined : MONTHS[Number(match[2]) - 1];
  return name === undefined || match === null ? null : `${name}${match[1]}`;
}

/** `APR26;MAY26` as months, soonest first. */
export function monthsFromBroker(list: string | null): string[] {
  return (list ?? "")
    .split(";")
    .flatMap((text) => monthFromBroker(text) ?? [])
    .sort();
}
