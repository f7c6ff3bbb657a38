import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** Login to a registry. */
export interface Login {
  readonly address: string;
  readonly username: string;
  readonly password: string;
}

type ClientConfig = Readonly<Record<string, unknown>> & {
  readonly auths?: Readonly<Record<string, unknown>>;
  readonly credHelpers?: Readonly<Record<string, unknown>>;
};

/** The Docker client's settings with these logins on top; a credential helper would hide them. */
export function configWith(config: ClientConfig, logins: readonly Login[]): ClientConfig {
  const rest = Object.fromEntries(Object.entries(config).filter(([key]) => key !== "credsStore"));
  const addresses = new Set(logins.map(({ address }) => address));
  const auths = logins.map(({ address, username, password }) => [
    address,
    { auth: Buffer.from(`${username}:${password}`).toString("base64") },
  ]);
  return {
    ...rest,
    auths: { ...config.auths, ...(Object.fromEntries(auths) as Record<string, unknown>) },
    credHelpers: Object.fromEntries(
      Object.entries(config.credHelpers ?? {}).filter(([address]) => !addresses.has(address)),
    ),
  };
}

/**
 * Runs `work` with an environment in which the Docker client has these logins and is otherwise
 * the person's own: contexts and plugins too. They lie in a folder of the owner's alone, and only
 * as long as that takes.
 */
export async function withLogins<T>(
  logins: readonly Login[],
  work: (env: Readonly<Record<string, string>>) => Promise<T>,
  own = process.env.DOCKER_CONFIG ?? path.join(os.homedir(), ".docker"),
): Promise<T> {
  if (logins.length === 0) return work({});
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "gpudev-login-"));
  const remove = () => fs.rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    const file = path.join(own, "config.json");
    for (const name of fs.existsSync(own) ? fs.readdirSync(own) : []) {
      if (name !== "config.json") fs.symlinkSync(path.join(own, name), path.join(folder, name));
    }
    const config = fs.existsSync(file)
      ? (JSON.parse(fs.readFileSync(file, "utf8")) as ClientConfig)
      : {};
    fs.writeFileSync(path.join(folder, "config.json"), JSON.stringify(configWith(config, logins)), {
      mode: 0o600,
    });
    return await work({ DOCKER_CONFIG: folder });
  } finally {
    remove();
    process.off("exit", remove);
  }
}
