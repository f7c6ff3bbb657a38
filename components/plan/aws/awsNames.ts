/** Folders of a host. */
export const HOST_FOLDERS = {
  homes: "/var/lib/gpudev/homes",
  authorizedKeys: "/var/lib/gpudev/authorized_keys",
  data: "/var/lib/gpudev/data",
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

/** Where a user's host publishes something: `/gpudev/<id>/host-0/alice/token`. */
export function parameterPath(
  id: string,
  host: number,
  user: string,
  what: "token" | "host-key",
): string {
  return `${parameterPrefix(id)}/${hostName(host)}/${user}/${what}`;
}

/** Tags on everything that a stack makes. */
export function tagsOf(stack: string, id: string, team: string): Record<string, string> {
  return { "gpudev:stack": stack, "gpudev:stack-id": id, "gpudev:team": team };
}
