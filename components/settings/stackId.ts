const FIRST = "abcdefghjkmnpqrstvwxyz";
const OTHERS = `${FIRST}23456789`;
const ID_LENGTH = 8;

/**
 * A new stack id: 8 letters and digits that are not mistaken for one another
 * (40 bits), with a letter in front so that no YAML reader takes it for a number.
 *
 * @param random Gives that many random bytes, such as `crypto.randomBytes`.
 */
export function newStackId(random: (count: number) => Uint8Array): string {
  let id = "";
  while (id.length < ID_LENGTH) {
    const letters = id === "" ? FIRST : OTHERS;
    const byte = random(1)[0] ?? 0;
    // A byte beyond the last whole multiple would make some letters likelier than others.
    if (byte < 256 - (256 % letters.length)) id += letters.charAt(byte % letters.length);
  }
  return id;
}
