/** Pulumi CLI that gpudev installs or builds; the go.mod in pulumi-cli/ names the same. */
export const CLI_VERSION = "3.259.0";

/** Oldest Pulumi CLI that drives gpudev: the one of the SDK in package.json. */
export const CLI_MINIMUM = "3.248.0";

/** Oldest Go that can fetch the toolchain that go.mod asks for by itself. */
export const GO_MINIMUM = "1.21";

/** The first `1.2` or `1.2.3` in a text, such as `go version go1.26.1 linux/amd64`. */
export function versionIn(text: string): string | undefined {
  return /\d+\.\d+(\.\d+)?/.exec(text)?.[0];
}
