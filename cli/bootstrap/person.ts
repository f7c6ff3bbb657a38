import * as os from "node:os";
import * as path from "node:path";
import { runCommand } from "../../components/lookups/command";

/** Who typed the command, also where sudo stands in between. */
export interface Person {
  /** Login name on this machine. */
  readonly login: string;
  /** Home folder of that login, where the person's SSH keys are. */
  readonly home: string;
  /** True where this process may install packages and start services. */
  readonly root: boolean;
}

const FALLBACK_NAME = "dev";
const LONGEST_NAME = 31;

/**
 * The name that a login gets inside the stack: its own, as far as it is a Linux user name. A domain
 * (`CORP\Ada`, `ada@corp`) is left out, accents lose their marks, other signs become `-`. What has
 * nothing left, `root`, and `id`, which the seats keep for themselves, become `dev`.
 */
export function userNameFor(login: string): string {
  const bare = (login.split("\\").at(-1) ?? "").split("@")[0] ?? "";
  const name = bare
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^[^a-z_]+/, "")
    .slice(0, LONGEST_NAME)
    .replace(/-+$/, "");
  return name === "" || name === "root" || name === "id" ? FALLBACK_NAME : name;
}

/** The login that typed the command: `SUDO_USER` before `USER` and `LOGNAME`, else `fallback`. */
export function loginFrom(env: NodeJS.ProcessEnv, fallback: string): string {
  const named = [env.SUDO_USER, env.USER, env.LOGNAME].find(
    (name) => name !== undefined && name.trim() !== "",
  );
  return named ?? fallback;
}

/** The home folder in a line of the password database; absent where the line has none. */
export function homeFromPasswd(line: string): string | undefined {
  const home = line.trim().split(":")[5];
  return home === undefined || home === "" ? undefined : home;
}

/** Asks this machine who is at the keyboard. */
export async function readPerson(env: NodeJS.ProcessEnv = process.env): Promise<Person> {
  const self = os.userInfo();
  const login = loginFrom(env, self.username);
  const root = process.geteuid?.() === 0;
  if (login === self.username) return { login, home: os.homedir(), root };
  const entry = await runCommand("getent", ["passwd", login]);
  const home = entry.exitCode === 0 ? homeFromPasswd(entry.stdout) : undefined;
  return { login, home: home ?? path.resolve(os.homedir()), root };
}
