/** Folders of a host. */
export const HOST_FOLDERS = {
  homes: "/var/lib/gpudev/homes",
  authorizedKeys: "/var/lib/gpudev/authorized_keys",
  data: "/var/lib/gpudev/data",
  /** In memory: what lies there is gone with the machine's power. */
  credentials: "/run/gpudev/credentials",
} as const;

/** `host-0`: names a host's resources, document and verdict. */
export function hostName(index: number): string {
  return `host-${index}`;
}

/** `gpudev-<user>.service`: a host serves one stack, so that the user's name is enough. */
export function unitName(user: string): string {
  return `gpudev-${user}.service`;
}

/** A stack's name as AWS takes it in names: small letters, digits and single hyphens. */
function awsWord(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** `gpudev-<stack>-<id>`, in front of physical names; the id keeps stacks of one name apart. */
export function awsPrefix(stack: string, id: string): string {
  return `gpudev-${awsWord(stack)}-${id}`;
}

/** Path below which a stack's hosts publish parameters. */
export function parameterPrefix(id: string): string {
  return `/gpudev/${id}`;
}

/** Name of the Session document by which one port of a slot is reached: `gpudev-<stack>-<id>-ssh-0`. */
export function sessionDocumentName(
  prefix: string,
  service: "jupyter" | "ssh",
  slot: number,
): string {
  return `${prefix}-${service}-${slot}`;
}

/** Name of the Command document that starts or stops one user's environment on a host. */
export function switchDocumentName(prefix: string): string {
  return `${prefix}-switch`;
}

/**
 * What a host publishes for each user: the Jupyter token, the public SSH host key and the instance that serves the
 * user now; with direct access also its public address and, without a domain, its own CA's root certificate.
 */
export type Published = "token" | "host-key" | "instance" | "address" | "ca";

/** Where a user's host publishes something: `/gpudev/<id>/host-0/alice/token`. */
export function parameterPath(id: string, host: number, user: string, what: Published): string {
  return `${parameterPrefix(id)}/${hostName(host)}/${user}/${what}`;
}

/** Tags on everything that a stack makes. */
export function tagsOf(stack: string, id: string, team: string): Record<string, string> {
  return { "gpudev:stack": stack, "gpudev:stack-id": id, "gpudev:team": team };
}
