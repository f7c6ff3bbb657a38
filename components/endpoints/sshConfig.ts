import type { Endpoint } from "./model";

interface SshConfigOptions {
  /** File with the lines that `knownHostsLine` makes. */
  readonly knownHostsFile: string;
  /** Private key to log in with. Default: whatever the SSH client has. */
  readonly identityFile?: string;
  /** Goes before what an endpoint says of itself. */
  readonly proxyJump?: string;
}

/** A path as ssh_config takes it: quoted, and percent signs kept from being read as tokens. */
function quoted(file: string): string {
  if (/["\n\\]/.test(file)) throw new Error(`ssh cannot read a path like ${JSON.stringify(file)}`);
  return `"${file.replaceAll("%", "%%")}"`;
}

function block(ssh: NonNullable<Endpoint["ssh"]>, options: SshConfigOptions): string {
  const jump = options.proxyJump ?? ssh.proxyJump;
  const lines = [
    `Host ${ssh.alias}`,
    `HostName ${ssh.host}`,
    `Port ${ssh.port}`,
    `User ${ssh.user}`,
    // Host keys go by this name, so that a replaced container or a moved port never looks like an attack.
    `HostKeyAlias ${ssh.alias}`,
    "StrictHostKeyChecking yes",
    `UserKnownHostsFile ${quoted(options.knownHostsFile)}`,
    "ForwardAgent no",
    ...(options.identityFile === undefined
      ? []
      : [`IdentityFile ${quoted(options.identityFile)}`, "IdentitiesOnly yes"]),
    ...(jump === undefined ? [] : [`ProxyJump ${jump}`]),
    ...(jump === undefined && ssh.proxyCommand !== undefined
      ? // A session without traffic is ended by its service after 20 minutes.
        [`ProxyCommand ${ssh.proxyCommand}`, "ServerAliveInterval 60"]
      : []),
  ];
  return lines.join("\n  ");
}

/**
 * Text for ssh_config with one host for each endpoint that has SSH; then `ssh gpudev-<stack>-<user>` works.
 * @throws Error where a file's path holds a quote, a backslash or a line break
 */
export function sshConfig(endpoints: readonly Endpoint[], options: SshConfigOptions): string {
  const blocks = endpoints.flatMap(({ ssh }) => (ssh === undefined ? [] : [block(ssh, options)]));
  return blocks.map((text) => `${text}\n`).join("\n");
}
