import { Agent, fetch } from "undici";

/**
 * A buy at the simulated broker by somebody at its own gateway, past the product: what is asked is
 * answered Yes, as a person at a screen would. Gives the order's id.
 * @throws when the broker does not take it.
 */
export async function buyAtTheBroker(
  portal: string,
  account: string,
  order: { conid: number; quantity: number },
): Promise<string> {
  return placeAtTheBroker(portal, account, {
    ...order,
    side: "BUY",
    orderType: "MKT",
    tif: "DAY",
  });
}

/** The same for any order, in the Client Portal's own fields; the gateway may be fresh. */
export async function placeAtTheBroker(
  portal: string,
  account: string,
  order: Record<string, string | number>,
): Promise<string> {
  // On loopback, with a certificate that it made for itself a moment ago.
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  const post = async (path: string, body: unknown): Promise<Row> => {
    const response = await fetch(`${portal}/v1/api${path}`, {
      method: "POST",
      dispatcher: agent,
      headers: { "User-Agent": "person", "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    const first: unknown = Array.isArray(answer) ? answer[0] : answer;
    return typeof first === "object" && first !== null ? first : {};
  };
  try {
    await fetch(`${portal}/v1/api/iserver/accounts`, {
      dispatcher: agent,
      headers: { "User-Agent": "person" },
    });
    let row = await post(`/iserver/account/${account}/orders`, {
      orders: [order],
    });
    while (row.id !== undefined) row = await post(`/iserver/reply/${row.id}`, { confirmed: true });
    if (row.order_id === undefined) throw new Error(`not taken: ${JSON.stringify(row)}`);
    return String(row.order_id);
  } finally {
    await agent.destroy();
  }
}

interface Row {
  id?: unknown;
  order_id?: unknown;
}
