import { sourceOf } from "./source-address.ts";

const WINDOW_SECONDS = 60;

/**
 * Counts an answer that refused a token, a code or a client, and puts 429 in its place when one
 * address has had too many. What succeeds is never counted: hosts share their egress addresses, and
 * a stranger's failures must not lock them out.
 */
export async function limitRefused(
  limiter: RateLimit,
  request: Request,
  response: Response,
): Promise<Response> {
  if (response.status < 400 || response.status >= 500) return response;
  const { success } = await limiter.limit({ key: sourceOf(request) });
  return success ? response : tooManyRequests();
}

/** The answer to an address that has had its share of a minute. */
export function tooManyRequests(): Response {
  return Response.json(
    { error: "temporarily_unavailable", error_description: "Too many requests; try again later" },
    {
      status: 429,
      headers: { "Retry-After": String(WINDOW_SECONDS), "Cache-Control": "no-store" },
    },
  );
}
