/** A file of an archive. */
export interface TarEntry {
  /** Relative path, at most 100 bytes of ASCII. */
  readonly name: string;
  readonly bytes: Buffer;
  readonly executable: boolean;
}

const BLOCK = 512;

const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, "0")}\0`;

function header({ name, bytes, executable }: TarEntry): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long for a plain tar archive`);
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0);
  block.write(octal(executable ? 0o755 : 0o644, 7), 100);
  block.write(octal(0, 7), 108); // owner and group: root
  block.write(octal(0, 7), 116);
  block.write(octal(bytes.length, 11), 124);
  block.write(octal(0, 11), 136); // time
  block.write(" ".repeat(8), 148); // counts as spaces in its own sum
  block.write("0", 156); // a regular file
  block.write("ustar\0" + "00", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/**
 * A tar archive (POSIX ustar) of regular files, in the order given, without times and owners: the same
 * entries give the same bytes.
 * @throws Error for a name of more than 100 bytes
 */
export function tarArchive(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap((entry) => [
    header(entry),
    entry.bytes,
    Buffer.alloc((BLOCK - (entry.bytes.length % BLOCK)) % BLOCK),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}
