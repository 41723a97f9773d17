const ids = new WeakMap<Request, string>();

/** One id for everything that is done, logged and audited on behalf of a request. */
export function requestId(request: Request): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const made = crypto.randomUUID();
  ids.set(request, made);
  return made;
}
