import { Hono } from "hono";
import type { Env } from "../env.ts";

/** The sidecar's own entrance: pairing and the relay's WebSocket. */
export const relayRoutes = new Hono<{ Bindings: Env }>();
