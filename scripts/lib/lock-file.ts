/** What package-lock.json says of one installed package; the rest of an entry is not read here. */
export type LockEntry = {
  link?: boolean;
  integrity?: string;
  os?: string[];
  cpu?: string[];
  libc?: string[];
};
export type LockFile = { packages: Record<string, LockEntry> };

/** Entries that npm would install without comparing what arrives with a checksum. */
export function withoutChecksum({ packages }: LockFile): string[] {
  return Object.entries(packages)
    .filter(([path, entry]) => path.includes("node_modules/") && entry.link !== true)
    .filter(([, { integrity }]) => !integrity?.startsWith("sha512-"))
    .map(([path]) => path);
}

/**
 * Packages that npm must install on one platform and on no other one that names itself.
 * `os` and `cpu` are npm's words, such as "darwin" and "arm64"; Linux means the one with glibc,
 * which is all that workerd runs on.
 */
export function onlyFor({ packages }: LockFile, os: string, cpu: string): string[] {
  return Object.entries(packages)
    .filter(([path, entry]) => path.startsWith("node_modules/") && entry.link !== true)
    .filter(([, entry]) => entry.os?.includes(os) === true && entry.cpu?.includes(cpu) === true)
    .filter(([path, { libc }]) => !(libc?.includes("musl") ?? path.includes("musl")))
    .map(([path]) => path);
}
