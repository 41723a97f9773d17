import { connect } from "../../client/src/index.ts";

/** A program of somebody's that makes one call with the sign-in of this computer, and prints the answer. */
const [, , url = "", configDir = ""] = process.argv;
await using gateway = await connect(url, { configDir });
const { accounts } = await gateway.tools.accountsList();
process.stdout.write(`${accounts.length}\n`);
