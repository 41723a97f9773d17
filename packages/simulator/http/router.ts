import type { Simulator } from "../simulator.ts";
import type { SimAnswer, SimRequest } from "./exchange.ts";

/** Which session a route wants: none, the human's login, or the brokerage session. */
export type Needs = "nothing" | "sso" | "brokerage";

export interface SimRoute {
  method: string;
  pattern: string;
  needs: Needs;
  /** Answers "query /accounts first" until `/iserver/accounts` was read in this brokerage session. */
  afterAccounts?: boolean;
  handle(sim: Simulator, request: SimRequest): SimAnswer;
}

export interface Match {
  route: SimRoute;
  parameters: Record<string, string>;
}

function matchOne(route: SimRoute, method: string, segments: readonly string[]): Match | undefined {
  if (route.method !== method) return undefined;
  const wanted = route.pattern.split("/");
  if (wanted.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = segments[index] ?? "";
    if (part.startsWith(":")) parameters[part.slice(1)] = segment;
    else if (part !== segment) return undefined;
  }
  return { route, parameters };
}

/** The first route whose pattern fits; fixed paths must stand before those with parameters. */
export function findRoute(
  routes: readonly SimRoute[],
  method: string,
  path: string,
): Match | undefined {
  // The gateway minds neither a slash at the end nor one too many.
  const plain = path.replace(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
  const segments = plain.split("/").map(decode);
  for (const route of routes) {
    const match = matchOne(route, method, segments);
    if (match !== undefined) return match;
  }
  return undefined;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
