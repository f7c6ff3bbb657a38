import { promises as fs } from "node:fs";
import type { Machine } from "./machine";
import type { Answer, TakenPort } from "./model";

/** Listening TCP sockets as `ss -Hltnp` prints them; with rights to see it, who holds each. */
export function parseSs(text: string): TakenPort[] {
  return text.split("\n").flatMap((line) => {
    const local = line.trim().split(/\s+/)[3];
    const match = local === undefined ? null : /^(.*?)(?:%[^:]*)?:(\d+)$/.exec(local);
    if (match === null) return [];
    const [, address = "", port = ""] = match;
    const holder = /users:\(\("([^"]+)",pid=(\d+)/.exec(line);
    return [
      {
        address: address.replace(/^\[|\]$/g, "").replace(/%.*$/, ""),
        port: Number(port),
        ...(holder === null ? {} : { holder: `${holder[1]} (process ${holder[2]})` }),
      },
    ];
  });
}

const LISTEN = "0A";

function hexAddress(hex: string): string {
  // The kernel prints each 32-bit word in the machine's byte order.
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join(".");
  if (bytes.every((byte) => byte === "00")) return "::";
  const mapped = bytes.slice(0, 12).join("") === "00000000000000000000FFFF";
  if (mapped)
    return bytes
      .slice(12)
      .map((byte) => Number.parseInt(byte, 16))
      .join(".");
  const groups = Array.from(
    { length: 8 },
    (_, i) => (bytes[2 * i] ?? "") + (bytes[2 * i + 1] ?? ""),
  );
  return new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1);
}

/** Listening sockets in the form of `/proc/net/tcp` and `/proc/net/tcp6`. */
export function parseProcNet(text: string): TakenPort[] {
  return text.split("\n").flatMap((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    const match = local === undefined ? null : /^([0-9A-F]+):([0-9A-F]{4})$/.exec(local);
    if (match === null || state !== LISTEN) return [];
    const [, address = "", port = ""] = match;
    return [{ address: hexAddress(address), port: Number.parseInt(port, 16) }];
  });
}

async function readProcNet(): Promise<Answer<TakenPort[]>> {
  const texts = await Promise.all(
    ["/proc/net/tcp", "/proc/net/tcp6"].map((file) => fs.readFile(file, "utf8").catch(() => "")),
  );
  if (texts.every((text) => text === "")) {
    return { known: false, because: "this machine has neither ss nor /proc/net/tcp" };
  }
  return { known: true, value: texts.flatMap(parseProcNet) };
}

/** Asks the machine which TCP ports something listens on. */
export async function readSockets(machine: Machine): Promise<Answer<TakenPort[]>> {
  const result = await machine.run("ss", ["-Hltnp"]);
  if (result.known && result.value.exitCode === 0) {
    return { known: true, value: parseSs(result.value.stdout) };
  }
  if (machine.local) return readProcNet();
  return result.known ? { known: false, because: "the machine has no ss command" } : result;
}

/** Docker's own programs that hold the ports of containers. */
const PROXY = /^(docker-proxy|rootlesskit|slirp4netns|pasta)/;

/** Ports that containers publish and ports that others listen on; what Docker's own proxy holds is the container's. */
export function mergeTaken(
  published: readonly TakenPort[],
  sockets: readonly TakenPort[],
): TakenPort[] {
  const key = ({ address, port }: TakenPort) => `${address} ${port}`;
  const docker = new Set([...published.map(key), ...published.map(({ port }) => `${port}`)]);
  const others = sockets.filter(
    (socket) =>
      !docker.has(key(socket)) &&
      !(PROXY.test(socket.holder ?? "") && docker.has(`${socket.port}`)),
  );
  return [...published, ...others];
}
