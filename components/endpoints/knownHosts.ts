import type { Endpoint } from "./model";

/**
 * The line of a known_hosts file that names an environment's host key. It goes by the alias, not by
 * address and port, so that it stays right where ports move and two environments never meet.
 * @param publicKey the content of `ssh_host_ed25519_key.pub`
 * @throws Error where the endpoint has no SSH, or the text is no public key
 */
export function knownHostsLine(endpoint: Endpoint, publicKey: string): string {
  if (endpoint.ssh === undefined) throw new Error(`${endpoint.environment} has no SSH`);
  const [type = "", key = ""] = publicKey.trim().split(/\s+/);
  if (!/^(ssh|ecdsa)-[a-z0-9-]+$/.test(type) || !/^[A-Za-z0-9+/]+={0,2}$/.test(key)) {
    throw new Error(`${endpoint.environment} gave no public host key`);
  }
  return `${endpoint.ssh.alias} ${type} ${key}`;
}
