import * as fs from "node:fs";
import * as path from "node:path";
import { runCommand } from "../lookups/command";
import { sshTurns } from "../lookups/turns";
import type { WorkstationPlan, PlannedEnvironment } from "../plan/model";
import { INSIDE } from "../plan/profile";

/** File in a user's folder of authorized keys: the name of the user inside. */
const FILE = "dev";

/** A user's authorized_keys file. */
function renderAuthorizedKeys({ authorizedKeys }: PlannedEnvironment): string {
  return authorizedKeys.map((line) => `${line}\n`).join("");
}

/**
 * Writes every user's authorized keys to the folder that is mounted into the container, so
 * that a changed key is in force at the next login and no resource changes. For a daemon on
 * this machine; call it before containers are made, never in a preview.
 */
export function writeAuthorizedKeys(plan: WorkstationPlan): void {
  for (const environment of plan.environments) {
    const folder = environment.profile.mounts.find(
      ({ target }) => target === INSIDE.authorizedKeys,
    )?.source;
    if (folder === undefined) continue;
    fs.mkdirSync(folder, { recursive: true });
    // The user inside is another one than who runs this, whose umask may keep others out.
    fs.chmodSync(folder, 0o755);
    const file = path.join(folder, FILE);
    const text = renderAuthorizedKeys(environment);
    if (fs.existsSync(file) && fs.readFileSync(file, "utf8") === text) continue;
    // Renamed into place, so that a login meanwhile reads all of the old or all of the new keys.
    const fresh = path.join(folder, `.${FILE}.${process.pid}`);
    fs.writeFileSync(fresh, text);
    fs.chmodSync(fresh, 0o644);
    fs.renameSync(fresh, file);
  }
}

const PUSH = [
  "umask 077",
  'dir="$HOME/.config/gpudev"',
  'mkdir -p "$dir"',
  'cat > "$dir/.authorized_keys.new"',
  'mv "$dir/.authorized_keys.new" "$dir/authorized_keys"',
].join(" && ");

/**
 * Hands a user's authorized keys to a container of a daemon elsewhere, where no folder of
 * this machine can be mounted.
 * @throws Error with what `docker exec` said
 */
export async function pushAuthorizedKeys(
  environment: PlannedEnvironment,
  container: string,
  host: string | undefined,
): Promise<void> {
  const result = await sshTurns(() =>
    runCommand("docker", ["exec", "-i", container, "sh", "-c", PUSH], {
      timeout: 60_000,
      input: renderAuthorizedKeys(environment),
      ...(host === undefined ? {} : { env: { DOCKER_HOST: host } }),
    }),
  );
  if (result.exitCode === 0) return;
  throw new Error(
    `${environment.user}'s SSH keys could not be handed to ${environment.container}: ${result.stderr.trim()}`,
  );
}
