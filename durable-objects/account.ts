import { DurableObject } from "cloudflare:workers";

/** One gateway account: relay session, jobs, clients, audit. */
export class Account extends DurableObject {}
