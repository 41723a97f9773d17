import { tokenAccess } from "../../client/src/sdk/access.ts";
import { openConnection } from "../../client/src/sdk/connection.ts";
import { mcpAddress } from "../../client/src/sdk/gateway-address.ts";
import { orderRecords } from "../../client/src/sdk/order-record.ts";
import { ordersOver } from "../../client/src/sdk/orders.ts";
import { toolCall } from "../../client/src/sdk/tool-call.ts";

/**
 * A program that places one order with the library and is killed on the way: at once before or after
 * the call that it is told. It prints the approval it asked for, a line.
 */
const [, , text = "{}"] = process.argv;
const { url, token, configDir, key, order, diesAt } = JSON.parse(text);

async function dieAt(point: string): Promise<void> {
  if (point !== diesAt) return;
  process.kill(process.pid, "SIGKILL");
  await new Promise(() => {});
}

const address = mcpAddress(url);
const connection = await openConnection(address, tokenAccess(token));
const call = toolCall({
  async call(tool, ...rest) {
    await dieAt(`before ${tool}`);
    const answer = await connection.call(tool, ...rest);
    await dieAt(`after ${tool}`);
    return answer;
  },
});
const records = orderRecords(configDir, address);
const orders = ordersOver({ call, records, gateway: address, pauseMs: 1_000, lookMs: 5_000 });
const placed = await orders.place(order, {
  idempotencyKey: key,
  onAsked: ({ approval }) => process.stdout.write(`${approval.approval_id}\n`),
});
process.stdout.write(`${placed.outcome}\n`);
await connection.close();
