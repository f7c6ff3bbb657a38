import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";

function readIfThere(file: string): string | undefined {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}

/**
 * The backend that a plain `pulumi up` works with, found where the Pulumi CLI finds it: the
 * environment, the project's own, the login. Undefined where there is none.
 * @param project folder of Pulumi.yaml
 */
export function readBackendUrl(env: NodeJS.ProcessEnv, project: string): string | undefined {
  const named = env.PULUMI_BACKEND_URL ?? "";
  if (named !== "") return named;
  const own = parse(readIfThere(path.join(project, "Pulumi.yaml")) ?? "{}") as {
    readonly backend?: { readonly url?: string };
  };
  if (own.backend?.url !== undefined) return own.backend.url;
  const home = env.PULUMI_HOME ?? path.join(os.homedir(), ".pulumi");
  const login = JSON.parse(readIfThere(path.join(home, "credentials.json")) ?? "{}") as {
    readonly current?: string;
  };
  return login.current;
}
