/**
 * A browser's worth of HTTP for scripts and tests: keeps cookies, sends the Origin that a browser
 * would, follows no redirect by itself.
 */
export class Browser {
  readonly origin: string;
  readonly #cookies = new Map<string, string>();
  readonly #fetch: (url: URL, init: RequestInit) => Promise<Response>;

  /** `send` takes the network's place where a test has the gateway in hand. */
  constructor(gatewayUrl: string, send?: (url: URL, init: RequestInit) => Promise<Response>) {
    this.origin = new URL(gatewayUrl).origin;
    this.#fetch = send ?? ((url, init) => fetch(url, init));
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.#send(path, { method: "GET", headers });
  }

  async post(
    path: string,
    fields: Record<string, string> | URLSearchParams | [string, string][],
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return this.#send(path, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { Origin: this.origin, ...headers },
    });
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  cookieNames(): string[] {
    return [...this.#cookies.keys()];
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const url = new URL(path, this.origin);
    if (url.origin !== this.origin) throw new Error(`refused to leave ${this.origin}`);
    const headers = new Headers(init.headers);
    if (this.#cookies.size > 0) {
      headers.set(
        "Cookie",
        [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "),
      );
    }
    const response = await this.#fetch(url, { ...init, headers, redirect: "manual" });
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie);
    return response;
  }

  #keep(cookie: string): void {
    const [pair = "", ...attributes] = cookie.split(";").map((part) => part.trim());
    const cut = pair.indexOf("=");
    const name = pair.slice(0, cut);
    const gone = attributes.some((attribute) => {
      const [key = "", value = ""] = attribute.split("=");
      if (key.toLowerCase() === "max-age") return Number(value) <= 0;
      return key.toLowerCase() === "expires" && Date.parse(value) <= Date.now();
    });
    if (gone) this.#cookies.delete(name);
    else this.#cookies.set(name, pair.slice(cut + 1));
  }
}
