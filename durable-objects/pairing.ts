import { DurableObject } from "cloudflare:workers";

/** One pairing in progress, named by the keyed hash of its user code. */
export class Pairing extends DurableObject {}
