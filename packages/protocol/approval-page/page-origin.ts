import * as z from "zod";

/** The relying party of a page's passkeys: its host. */
export const RpId = z.string().regex(/^[a-z0-9.-]{1,253}$/);

/** Where a page is served: `https://host[:port]`, or `http://localhost:port`. */
export const PageOrigin = z
  .string()
  .max(300)
  .regex(/^(https:\/\/[a-z0-9.-]+(:\d{1,5})?|http:\/\/localhost(:\d{1,5})?)$/);
