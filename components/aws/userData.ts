/** EC2's limit for user data before it is encoded, in bytes. */
export const USER_DATA_LIMIT = 16_384;

/** What differs from host to host and from stack to stack. None of it is secret, and none changes with a roster. */
export interface UserDataValues {
  readonly bucket: string;
  /** Key prefix of the stack's things in the bucket; empty: none. */
  readonly prefix: string;
  readonly region: string;
  /** SHA-256 of the host bundle at the instance's creation; later ones come by the association. */
  readonly bundle: string;
  /** `host-0`. */
  readonly host: string;
}

/** So that a value can stand in the script's quotes without being read as more than a value. */
const PLAIN = /^[A-Za-z0-9._/-]*$/;

/**
 * The script of a host's first boot: `images/host/user-data.sh` with its five values. Constant over the
 * life of an instance, since cloud-init runs it once.
 * @param template text of `images/host/user-data.sh`
 * @throws Error for a value that is no plain name, or a script beyond EC2's limit
 */
export function renderUserData(template: string, values: UserDataValues): string {
  let text = template;
  for (const [name, value] of Object.entries(values) as [string, string][]) {
    if (!PLAIN.test(value))
      throw new Error(`user data: ${name} ${JSON.stringify(value)} is no plain name`);
    text = text.replaceAll(`@${name.toUpperCase()}@`, value);
  }
  if (Buffer.byteLength(text) > USER_DATA_LIMIT) {
    throw new Error(`user data has ${Buffer.byteLength(text)} bytes; EC2 takes ${USER_DATA_LIMIT}`);
  }
  return text;
}
