import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { fromRoot } from "../../scripts/lib/paths.ts";

export const run = promisify(execFile);

/** A package of this repository as it is published: what was built, with the manifest beside it. */
export interface Packed {
  /** Of this test alone; `close` removes it. */
  folder: string;
  /** What goes into the tarball. */
  contents: string;
  /** Installs it from its tarball into an empty folder, with no network. */
  install(manifest: object): Promise<Installed>;
  close(): Promise<void>;
}

export interface Installed {
  /** The folder that it was installed in. */
  home: string;
  /** The directory of its programs. */
  bins: string;
  env: NodeJS.ProcessEnv;
  tarballBytes: number;
  installMs: number;
}

/** @param cli the program as it was built, in the folder that is packed */
export async function packed(name: "client" | "sidecar", cli: string): Promise<Packed> {
  const folder = await mkdtemp(join(tmpdir(), `ibkr-${name}-package-`));
  const contents = join(folder, "package");
  await cp(dirname(cli), join(contents, "dist"), { recursive: true });
  const manifest = JSON.parse(await readFile(fromRoot(`${name}/package.json`), "utf8"));
  await writeFile(join(contents, "package.json"), JSON.stringify({ ...manifest, scripts: {} }));
  const env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
    npm_config_cache: join(folder, "cache"),
    npm_config_offline: "true",
  };
  return {
    folder,
    contents,
    async install(of) {
      const pack = ["pack", "--json", "--pack-destination", folder];
      const { stdout } = await run("npm", pack, { cwd: contents, env });
      const [{ filename, size }] = JSON.parse(stdout);
      const home = join(folder, "home");
      await mkdir(home);
      await writeFile(join(home, "package.json"), JSON.stringify({ private: true, ...of }));
      const began = performance.now();
      const install = ["install", "--no-audit", "--no-fund", join(folder, filename)];
      await run("npm", install, { cwd: home, env });
      const installMs = performance.now() - began;
      return { home, bins: join(home, "node_modules/.bin"), env, tarballBytes: size, installMs };
    },
    close: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
  };
}
