/** Whether an address or host name is of the machine alone that it is used on. */
export function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "localhost" || host === "::1" || host === "[::1]";
}
