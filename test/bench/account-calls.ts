/** One RPC of an account object, through the entry that the benchmark loads. */
export async function callAccount(
  url: string,
  account: string,
  method: string,
  args: unknown[],
): Promise<unknown> {
  const response = await fetch(`${url}/__account/${method}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ account, args }),
  });
  if (!response.ok) throw new Error(`${method} answered ${response.status}`);
  return response.json();
}
