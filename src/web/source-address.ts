import { sha256Hex } from "@ibkr-edge-gateway/protocol/digest.ts";

/**
 * A short hash of where a request comes from, for budgets. An IPv6 caller owns a whole /64, so the
 * budget is the network's. Without Cloudflare in front (local runs) there is one address for all.
 */
export function sourceOf(request: Request): string {
  const address = request.headers.get("CF-Connecting-IP") ?? "local";
  return sha256Hex(`address\n${address.includes(":") ? network64(address) : address}`).slice(0, 32);
}

function network64(address: string): string {
  const [head = "", tail] = address.split("::");
  const groups = head.split(":");
  if (tail === undefined) return groups.slice(0, 4).join(":");
  const after = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - after.length) }, () => "0");
  return [...groups, ...zeros, ...after].slice(0, 4).join(":");
}
