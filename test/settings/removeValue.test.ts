import { describe, expect, it } from "vitest";
import { removeValue } from "../../components/settings";

const FILE = `# the team
config:
  gpudev:target: aws
  gpudev:aws:
    region: eu-west-1 # near
    trial: { host: 0, ami: ami-0abc }
`;

describe("removeValue", () => {
  it("takes one value out, and leaves comments and the rest", () => {
    expect(removeValue(FILE, ["gpudev:aws", "trial"])).toBe(
      FILE.replace("    trial: { host: 0, ami: ami-0abc }\n", ""),
    );
  });

  it.each([
    ["that is not there", ["gpudev:aws", "hosts", "ami"]],
    ["of a section that is not there", ["gpudev:lifetime", "until"]],
  ] as const)("leaves the text alone for a value %s", (_, path) => {
    expect(removeValue(FILE, path)).toBe(FILE);
  });
});
