import * as z from "zod";

const Base64Url = z.string().regex(/^[A-Za-z0-9_-]+$/);

/**
 * A WebAuthn assertion as the browser's `toJSON()` gives it, with nothing else in it. It travels
 * from the page through the edge to the sidecar unchanged; its four fields are the whole evidence.
 */
export const Assertion = z.strictObject({
  id: Base64Url.max(1_400),
  client_data_json: Base64Url.max(4_096),
  authenticator_data: Base64Url.max(2_048),
  signature: Base64Url.max(2_048),
});
export type Assertion = z.infer<typeof Assertion>;
