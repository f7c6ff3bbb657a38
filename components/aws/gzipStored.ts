import { crc32 } from "node:zlib";

/** Most bytes of a stored block (RFC 1951, 3.2.4). */
const MOST = 0xffff;

/**
 * Wraps bytes as gzip without compressing them (RFC 1952): no time, no name, and the same bytes
 * whatever zlib a machine has.
 */
export function gzipStored(content: Buffer): Buffer {
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  const blocks: Buffer[] = [];
  for (let at = 0; at === 0 || at < content.length; at += MOST) {
    const part = content.subarray(at, at + MOST);
    const head = Buffer.alloc(5);
    head.writeUInt8(at + MOST >= content.length ? 1 : 0, 0);
    head.writeUInt16LE(part.length, 1);
    head.writeUInt16LE(part.length ^ MOST, 3);
    blocks.push(head, part);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content), 0);
  trailer.writeUInt32LE(content.length % 2 ** 32, 4);
  return Buffer.concat([header, ...blocks, trailer]);
}
