import { join } from "node:path";
import * as z from "zod";
import { IbkrError } from "./errors.ts";
import { readPrivateFile, writePrivateFile } from "./private-file.ts";
import { underLock } from "./process-lock.ts";

/** As the OAuth library keeps them: with the issuer that they belong to. */
const Client = z.looseObject({ client_id: z.string(), issuer: z.string().optional() });
const Tokens = z.looseObject({
  access_token: z.string(),
  token_type: z.string(),
  refresh_token: z.string().optional(),
  scope: z.string().optional(),
  issuer: z.string().optional(),
});

const Login = z.strictObject({
  client: Client.nullable(),
  tokens: Tokens.nullable(),
  /** Unix milliseconds; null where the gateway did not say. */
  access_expires_at: z.number().nullable(),
});

/** What is kept of one gateway. */
export type Login = z.infer<typeof Login>;

const File = z.strictObject({
  version: z.literal(1),
  /** The gateway that was signed in to last: the one meant where none is named. */
  latest: z.string().nullable(),
  /** By the address of the gateway's MCP endpoint. */
  gateways: z.record(z.string(), Login),
});

const NOBODY: Login = { client: null, tokens: null, access_expires_at: null };

export interface LoginStore {
  readonly path: string;
  read(resource: string): Promise<Login>;
  latest(): Promise<string | null>;
  /** Changes one gateway's login; nobody else writes in between. Becomes the latest one with tokens. */
  change(resource: string, change: (login: Login) => Login): Promise<void>;
  forget(resource: string): Promise<void>;
  /** One process at a time renews the tokens of a gateway: a used refresh token is not taken twice. */
  whileRenewing<Result>(body: () => Promise<Result>): Promise<Result>;
}

/** Logins in a file of `folder` that its user alone can read. */
export function loginStore(folder: string): LoginStore {
  const path = join(folder, "logins.json");

  async function file(): Promise<z.infer<typeof File>> {
    const text = await readPrivateFile(path).catch((error: unknown) => {
      throw unreadable(path, error);
    });
    if (text === null) return { version: 1, latest: null, gateways: {} };
    const read = File.safeParse(jsonOf(text));
    if (read.success) return read.data;
    throw unreadable(path, read.error);
  }

  const write = (change: (file: z.infer<typeof File>) => z.infer<typeof File>) =>
    underLock(join(folder, "logins.lock"), async () => {
      await writePrivateFile(path, `${JSON.stringify(change(await file()), null, 2)}\n`);
    });

  return {
    path,
    read: async (resource) => (await file()).gateways[resource] ?? NOBODY,
    latest: async () => (await file()).latest,
    change: (resource, change) =>
      write(({ latest, gateways, ...rest }) => {
        const login = change(gateways[resource] ?? NOBODY);
        return {
          ...rest,
          latest: login.tokens === null ? latest : resource,
          gateways: { ...gateways, [resource]: login },
        };
      }),
    forget: (resource) =>
      write(({ latest, gateways, ...rest }) => {
        const { [resource]: gone, ...kept } = gateways;
        void gone;
        return { ...rest, latest: latest === resource ? null : latest, gateways: kept };
      }),
    whileRenewing: (body) => underLock(join(folder, "renewal.lock"), body),
  };
}

function unreadable(path: string, cause: unknown): IbkrError {
  return new IbkrError(
    "SIGN_IN_REQUIRED",
    `The sign-ins of this computer cannot be read: ${path}.`,
    {
      userAction: "Delete that file, and sign in again.",
      cause,
    },
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
