import { type EnrolmentCode, enrolmentFragment, readEnrolmentFragment } from "./enrolment.ts";

/**
 * What may stand behind the `#` of a page's address, which reaches no server: `t`, the page token that
 * the PC gives its own page on loopback, used once; and `e`, the code of a ceremony of enrolment.
 */
export interface PageFragment {
  /** 32 bytes, base64url. */
  token: string | null;
  code: EnrolmentCode | null;
}

/** Without its `#`. */
export function pageFragment({ token, code }: PageFragment): string {
  return [
    ...(token === null ? [] : [`t=${token}`]),
    ...(code === null ? [] : [enrolmentFragment(code)]),
  ].join("&");
}

/** What is no such part is passed over. */
export function readPageFragment(fragment: string): PageFragment {
  const parts = fragment.replace(/^#/, "").split("&");
  const token = parts.flatMap((part) => /^t=([A-Za-z0-9_-]{43})$/.exec(part)?.[1] ?? []);
  const codes = parts.flatMap((part) => readEnrolmentFragment(part) ?? []);
  return { token: token[0] ?? null, code: codes[0] ?? null };
}
